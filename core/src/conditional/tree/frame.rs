//! Where the lattices of a tree are laid.

use crate::conditional::frame::is_resolved;
use crate::conditional::tree::Tree;
use crate::linalg::gaussian::Gaussian;
use nalgebra::DVector;

/// Where a latent is given theta, and how wide.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct NodeFrame {
    pub(super) centre: f64,
    pub(super) sd: f64,
    /// Its standard deviation given the latent around it.
    pub(super) sd_given: f64,
}

/// By coordinate, where the latents of a tree are.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::conditional) struct TreeFrame(pub(super) Vec<NodeFrame>);

impl TreeFrame {
    pub(in crate::conditional) fn of(gaussian: &Gaussian, tree: &Tree) -> Self {
        let covariance = gaussian.covariance();
        let mut frames = vec![NodeFrame::default(); gaussian.mean.len()];
        for node in 0..tree.nodes.len() {
            let Some(own) = tree.nodes[node].coordinate else { continue };
            let variance = covariance[(own, own)];
            let explained = tree.coordinate_around(node).map_or(0.0, |around| {
                covariance[(own, around)] * covariance[(own, around)] / covariance[(around, around)]
            });
            frames[own] = NodeFrame {
                centre: gaussian.mean[own],
                sd: variance.sqrt(),
                sd_given: (variance - explained).max(0.0).sqrt(),
            };
        }
        Self(frames)
    }

    /// The numbers that describe it: the centres, the logarithms of the standard deviations, of those given the latent
    /// around.
    pub(in crate::conditional) fn features(&self) -> DVector<f64> {
        let n = self.0.len();
        DVector::from_fn(3 * n, |k, _| {
            let frame = self.0[k % n];
            match k / n {
                0 => frame.centre,
                1 => frame.sd.ln(),
                _ => frame.sd_given.ln(),
            }
        })
    }

    /// The frame that these numbers describe.
    pub(super) fn of_features(features: &[f64]) -> Self {
        let n = features.len() / 3;
        let at = |k: usize| {
            let sd = features[n + k].exp();
            NodeFrame { centre: features[k], sd, sd_given: features[2 * n + k].exp().min(sd) }
        };
        Self((0..n).map(at).collect())
    }

    /// Whether it is a place to start from.
    pub(super) fn is_regular(&self) -> bool {
        let is_finite = |frame: &NodeFrame| frame.centre.is_finite() && frame.sd.is_finite() && frame.sd_given > 0.0;
        self.0.iter().all(is_finite) && is_resolved(self.0.iter().map(|frame| (frame.sd_given, frame.centre)))
    }
}
