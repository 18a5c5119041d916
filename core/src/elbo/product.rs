//! The Hessian of a bound times a direction v of the tasks' slots, without the Hessian where blocks are wide.
//!
//! With u = loc + scale * noise, H the Hessian and g the gradient of a log density in u, and d = noise * scale,
//!
//! ```text
//! v_u = v_loc + d v_ln_scale
//! in loc: H v_u,  in ln_scale: d (H v_u + g v_ln_scale)
//! ```

use crate::density::closed::derivatives::GuideDerivatives;
use crate::density::program::{Curved, Scoring};
use crate::density::tape::WIDEST_LANES;
use crate::elbo::Bound;
use crate::elbo::by_tape::TapeShare;
use crate::elbo::derivatives::derivatives;
use crate::elbo::expectation::{BlockMoments, GlobalMoments};
use crate::elbo::leaf_normal::Wanted;
use crate::elbo::quadrature::Integral;
use crate::elbo::shared_prior::SharedPrior;
use crate::guide::{Guide, MeanField};
use crate::linalg::arrow::{ArrowVector, CHUNK};
use crate::linalg::ragged::Ragged;
use crate::numbers::expression::forgetting;
use crate::numbers::pass::Order;
use crate::numbers::tape::Mark;
use rayon::prelude::*;
use std::iter::repeat_n;

impl Bound<'_> {
    /// The Hessian of the ELBO in the guide times a vector of the slots (locs, `ln_scales`) of each task. `curved` is the
    /// bound's own program.
    pub(crate) fn product(&self, guide: &Guide, along: &Ragged, curved: &dyn Curved) -> ArrowVector {
        if self.density.widest_block() <= WIDEST_LANES {
            return self.expand(guide).arrow.times(along);
        }
        let mut product = self.exact_product(guide, along);
        if self.density.draws.tasks {
            let all: Vec<usize> = (0..guide.num_tasks()).collect();
            let shares = self.tape_shares(&all);
            let of_share = |share: &TapeShare<'_>| self.taped_product(guide, along, curved, share);
            let products: Vec<ArrowVector> = shares.par_iter().map(of_share).collect();
            shares.iter().zip(&products).for_each(|(share, found)| product.add(found, share.first));
        }
        product
    }

    /// The share of closed forms and sums over nodes.
    fn exact_product(&self, guide: &Guide, along: &Ragged) -> ArrowVector {
        let globals = self.global_moments(guide);
        let all: Vec<usize> = (0..guide.num_tasks()).collect();
        let prior = self.shared_prior(guide, Scoring::Derivatives(Order::First));
        let of_chunk =
            |tasks: &[usize]| forgetting(|| self.exact_product_of(guide, (&globals, prior.as_ref()), along, tasks));
        let chunks: Vec<ArrowVector> = all.par_chunks(CHUNK).map(of_chunk).collect();
        let mut product = ArrowVector::zeros(2 * guide.global.len(), along.iter().map(<[f64]>::len));
        chunks.iter().enumerate().for_each(|(chunk, found)| product.add(found, chunk * CHUNK));
        product
    }

    fn exact_product_of(
        &self,
        guide: &Guide,
        (globals, prior): (&GlobalMoments, Option<&SharedPrior>),
        along: &Ragged,
        tasks: &[usize],
    ) -> ArrowVector {
        let reads = &self.density.layout.task_reads;
        let mut integral = Integral::of_tasks(self, guide);
        let (mut moments, mut sum) = (BlockMoments::of(globals), GuideDerivatives::default());
        let mut out = ArrowVector::zeros(2 * guide.global.len(), []);
        for &task in tasks {
            moments.fill(globals, guide, task);
            let (seen, n) = (moments.seen(globals), moments.loc.len());
            let (in_loc, in_ln_scale) = along[task].split_at(n - reads.len());
            let of_level = |own: &[f64]| repeat_n(0.0, reads.len()).chain(own.iter().copied()).collect::<Vec<f64>>();
            sum.reset_along(n, [of_level(in_loc), of_level(in_ln_scale)].concat());
            derivatives(self.density.closed_task(task), seen, &mut sum);
            if let Some(integral) = &mut integral {
                integral.of_task(task, seen, Wanted::Derivatives(Order::Second), &mut sum);
            }
            if let Some(prior) = prior {
                prior.add_to(seen, reads.len(), &mut sum);
            }
            let (of_loc, of_ln_scale) = sum.product.split_at(n);
            for (&j, (of_loc, of_ln_scale)) in reads.iter().zip(of_loc.iter().zip(of_ln_scale)) {
                out.global[j] += of_loc;
                out.global[guide.global.len() + j] += of_ln_scale;
            }
            out.tasks.push([&of_loc[reads.len()..], &of_ln_scale[reads.len()..]].concat());
        }
        out
    }

    /// The share of some draws of some tasks.
    fn taped_product(&self, guide: &Guide, along: &Ragged, curved: &dyn Curved, share: &TapeShare<'_>) -> ArrowVector {
        let (drawn, noise) = (&self.density.drawn, &self.noise);
        let each = (noise.draws as f64).recip();
        let mut out = ArrowVector::zeros(2 * guide.global.len(), share.tasks.iter().map(|&i| along[i].len()));
        let (mut recorder, unscored) = (curved.curved_recorder(), drawn.outside.cleared());
        let (mut theta, mut own) = (Vec::new(), Vec::new());
        for s in share.draws.clone() {
            let spread = spread(&guide.global, 0, noise.theta(s));
            let mark = Mark::with_leaves(moved(&guide.global.loc, &spread), &mut theta);
            recorder.outside(&theta, &unscored);
            for (position, &i) in share.tasks.iter().enumerate() {
                let range = guide.task(i);
                let spread =
                    self::spread(&guide.local, range.start, &noise.local(share.first + position, s)[..range.len()]);
                let mark = Mark::with_leaves(moved(&guide.local.loc[range], &spread), &mut own);
                mark.sweep(recorder.task(i, &own, &drawn.tasks).total());
                let n = spread.len();
                let (in_loc, in_ln_scale) = along[i].split_at(n);
                mark.bend_along((0..n).map(|l| in_loc[l] + spread[l] * in_ln_scale[l]));
                let to = &mut out.tasks[position];
                add_bends(&mark, &spread, each, to);
                mark.adjoints(n, |(l, adjoint)| to[n + l] += each * adjoint * spread[l] * in_ln_scale[l]);
            }
            mark.bend_back();
            add_bends(&mark, &spread, each, out.global.as_mut_slice());
        }
        out
    }
}

/// noise * scale of the coordinates from `first` on.
fn spread(factor: &MeanField, first: usize, noise: &[f64]) -> Vec<f64> {
    noise.iter().zip(&factor.ln_scale[first..]).map(|(e, ln_scale)| e * ln_scale.exp()).collect()
}

/// loc + spread.
fn moved<'a>(loc: &'a [f64], spread: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    loc.iter().zip(spread).map(|(loc, by)| loc + by)
}

/// Adds a draw's share, in the (locs, `ln_scales`) of the leaves behind the mark.
fn add_bends(mark: &Mark, spread: &[f64], share: f64, to: &mut [f64]) {
    let n = spread.len();
    mark.bends(n, |(j, bend)| {
        to[j] += share * bend;
        to[n + j] += share * bend * spread[j];
    });
}
