//! Which sites of a level count, and how its latents are written.

/// The sites of one level that count in a log density, and how its latents are written; indexed by a site's id.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteMask {
    /// Latent sites with x = loc + scale * u.
    pub non_centred: Vec<bool>,
    /// Latent sites whose log density is added.
    pub latents: Vec<bool>,
    /// Observed sites whose log density is added.
    pub observed: Vec<bool>,
    /// Whether ln |dx/du| counts with a latent's density: not where the latents are a point to be estimated.
    pub jacobian: bool,
}

impl SiteMask {
    /// A mask under which every site counts, and every latent is centred.
    pub fn all(latents: usize, observed: usize) -> Self {
        Self {
            non_centred: vec![false; latents],
            latents: vec![true; latents],
            observed: vec![true; observed],
            jacobian: true,
        }
    }

    /// A mask under which no site counts, and every latent is centred.
    pub fn none(latents: usize, observed: usize) -> Self {
        Self {
            non_centred: vec![false; latents],
            latents: vec![false; latents],
            observed: vec![false; observed],
            jacobian: true,
        }
    }

    /// A mask for the same sites under which none counts, and every latent is centred.
    pub(crate) fn cleared(&self) -> Self {
        Self::none(self.latents.len(), self.observed.len())
    }

    /// The mask without the sites that another marks.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let less = |sites: &[bool], other: &[bool]| sites.iter().zip(other).map(|(is, not)| *is && !not).collect();
        let (latents, observed) = (less(&self.latents, &other.latents), less(&self.observed, &other.observed));
        Self { latents, observed, ..self.clone() }
    }

    /// The mask without the observations: p(phi | theta) alone.
    pub(crate) fn without_data(&self) -> Self {
        Self { observed: vec![false; self.observed.len()], ..self.clone() }
    }

    /// The mask without the latents: p(D | phi, theta) alone.
    pub(crate) fn without_latents(&self) -> Self {
        Self { latents: vec![false; self.latents.len()], ..self.clone() }
    }

    /// Whether any observation counts.
    pub(crate) fn has_data(&self) -> bool {
        self.observed.iter().any(|&counts| counts)
    }

    /// Whether there is a site that both mark.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let both = |a: &[bool], b: &[bool]| a.iter().zip(b).any(|(a, b)| *a && *b);
        both(&self.latents, &other.latents) || both(&self.observed, &other.observed)
    }

    /// Marks every site that the other mask marks as well.
    pub(crate) fn join(&mut self, other: &Self) {
        self.latents.iter_mut().zip(&other.latents).for_each(|(a, b)| *a |= b);
        self.observed.iter_mut().zip(&other.observed).for_each(|(a, b)| *a |= b);
    }
}
