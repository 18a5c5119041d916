//! How finely expectations over nodes are taken.

use crate::interpret::structure::SiteAt;
use crate::numbers::leaves::MOST_LEAVES;
use crate::special::gauss_hermite::Rule;
use std::f64::consts::TAU;
use std::sync::OnceLock;

/// Nodes in each wide direction, where there are one, two and three of them: at each refinement.
const WIDE: [[usize; MOST_LEAVES]; 3] = [[8, 4, 4], [16, 8, 6], [32, 16, 10]];
/// Nodes in each narrow direction at each refinement.
const NARROW: [usize; 3] = [2, 3, 4];
/// Sets of narrow directions among none to [`MOST_LEAVES`] of them.
const SETS: usize = (1 << (MOST_LEAVES + 1)) - 1;

/// Nodes and weights of a standard normal in some directions; the other entries of a node are 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cubature {
    pub(super) nodes: Vec<[f64; MOST_LEAVES]>,
    pub(super) weights: Vec<f64>,
}

/// The directions in which few nodes are enough, a bit each: of densities of one, two and three leaves.
pub(super) type NarrowDirections = [u8; MOST_LEAVES];

/// The narrow directions at each site of a block; where nothing is known of a site all are wide.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct NarrowSites {
    pub(super) latents: Vec<NarrowDirections>,
    pub(super) observed: Vec<NarrowDirections>,
}

/// How finely expectations are taken: how often the nodes were refined, and which directions are narrow.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    refinements: usize,
    pub(super) outside: NarrowSites,
    pub(super) tasks: NarrowSites,
}

/// How finely the expectations of a site are taken.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SiteNodes {
    refinements: usize,
    narrow: NarrowDirections,
}

impl NarrowSites {
    fn at(&self, site: SiteAt) -> NarrowDirections {
        let known = match site {
            SiteAt::Latent(id) => self.latents.get(id),
            SiteAt::Observed(id) => self.observed.get(id),
        };
        known.copied().unwrap_or_default()
    }
}

impl Nodes {
    /// As many as a climb starts with.
    pub(crate) fn first() -> Self {
        Self::default()
    }

    /// Whether they were refined as often as others.
    pub(crate) fn is_as_fine_as(&self, other: &Self) -> bool {
        self.refinements == other.refinements
    }

    /// More of them, in directions that are all wide; `None` where there are as many as there may be.
    pub(crate) fn finer(&self) -> Option<Self> {
        (self.refinements < WIDE.len()).then(|| Self { refinements: self.refinements + 1, ..Self::default() })
    }

    /// Those of a site of a block with these narrow directions.
    pub(super) fn of(&self, sites: &NarrowSites, site: SiteAt) -> SiteNodes {
        SiteNodes { refinements: self.refinements, narrow: sites.at(site) }
    }
}

impl SiteNodes {
    /// The cubature for a density of so many leaves, in the directions given, ascending.
    pub(super) fn cubature(self, leaves: usize, directions: &[usize]) -> &'static Cubature {
        let narrow = self.narrow[leaves - 1];
        let is_narrow = |&direction: &usize| usize::from(narrow >> direction & 1);
        let set = directions.iter().map(is_narrow).enumerate().map(|(place, bit)| bit << place).sum();
        Cubature::at(self.refinements, directions.len(), set)
    }
}

impl Cubature {
    /// That of a refinement in so many directions, of which a set is narrow.
    fn at(refinements: usize, directions: usize, narrow: usize) -> &'static Self {
        static ALL: [[OnceLock<Cubature>; SETS]; WIDE.len() + 1] =
            [const { [const { OnceLock::new() }; SETS] }; WIDE.len() + 1];
        ALL[refinements][(1 << directions) - 1 + narrow].get_or_init(|| match (refinements, directions) {
            (0, 0 | 1) => Self::product(&[4][..directions]),
            (0, 2) => Self::hexagon(),
            (0, _) => Self::icosahedron(),
            _ => {
                let wide = directions - narrow.count_ones() as usize;
                let count = |direction: usize| match narrow >> direction & 1 {
                    0 => WIDE[refinements - 1][wide - 1],
                    _ => NARROW[refinements - 1],
                };
                Self::product(&(0..directions).map(count).collect::<Vec<_>>())
            }
        })
    }

    /// The product of Gauss-Hermite rules of so many nodes in each direction.
    pub(super) fn product(counts: &[usize]) -> Self {
        let mut out = Self { nodes: vec![[0.0; MOST_LEAVES]], weights: vec![1.0] };
        for (direction, &count) in counts.iter().enumerate() {
            let rule = Rule::of(count);
            let mut next = Self { nodes: Vec::new(), weights: Vec::new() };
            for (node, weight) in out.nodes.iter().zip(&out.weights) {
                for (t, w) in rule.nodes.iter().zip(&rule.weights) {
                    let mut node = *node;
                    node[direction] = *t;
                    next.nodes.push(node);
                    next.weights.push(weight * w);
                }
            }
            out = next;
        }
        out
    }

    /// The corners of a hexagon and its middle: exact to degree 5 (Stroud 1971, `E_2^(r^2)` 5-1).
    fn hexagon() -> Self {
        let corner = |k: u32| {
            let (sin, cos) = (TAU * f64::from(k) / 6.0).sin_cos();
            [2.0 * cos, 2.0 * sin, 0.0]
        };
        Self::around_zero((0..6).map(corner).collect(), 1.0 / 12.0)
    }

    /// The corners of an icosahedron and its middle: exact to degree 5 (Stroud 1971, `E_3^(r^2)` 5-1).
    fn icosahedron() -> Self {
        let golden = f64::midpoint(1.0, 5.0_f64.sqrt());
        // the corners (0, +-1, +-golden), turned round, at the distance sqrt(5)
        let scale = (5.0 / (1.0 + golden * golden)).sqrt();
        let corner = |k: usize| {
            let sign = |bit: usize| if k & bit == 0 { scale } else { -scale };
            let mut corner = [0.0, sign(1), golden * sign(2)];
            corner.rotate_right(k / 4);
            corner
        };
        Self::around_zero((0..12).map(corner).collect(), 1.0 / 20.0)
    }

    /// Nodes of one weight, and 0 with what is left.
    fn around_zero(mut nodes: Vec<[f64; MOST_LEAVES]>, weight: f64) -> Self {
        let mut weights = vec![weight; nodes.len()];
        weights.push(1.0 - weight * nodes.len() as f64);
        nodes.push([0.0; MOST_LEAVES]);
        Self { nodes, weights }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E\[t^power\] of a standard normal.
    fn moment(power: i32) -> f64 {
        if power % 2 == 1 { 0.0 } else { (1..power).step_by(2).map(f64::from).product() }
    }

    #[test]
    fn polynomials_of_degree_five_are_exact_from_the_first() {
        let mut nodes = Some(Nodes::first());
        while let Some(these) = nodes {
            for directions in 0..=MOST_LEAVES {
                let Cubature { nodes, weights } = Cubature::at(these.refinements, directions, 0);
                for code in 0..6_usize.pow(3) {
                    let powers = [code % 6, code / 6 % 6, code / 36].map(|p| i32::try_from(p).expect("small"));
                    if powers.iter().sum::<i32>() > 5 {
                        continue;
                    }
                    let value = |t: &[f64; 3]| t.iter().zip(powers).map(|(t, p)| t.powi(p)).product::<f64>();
                    let found: f64 = nodes.iter().zip(weights).map(|(t, w)| w * value(t)).sum();
                    let of = |at: usize| if at < directions { moment(powers[at]) } else { 0.0_f64.powi(powers[at]) };
                    let expected: f64 = (0..3).map(of).product();
                    assert!((found - expected).abs() < 1e-12, "{directions} directions, {powers:?}: {found}");
                }
            }
            nodes = these.finer();
        }
    }

    #[test]
    fn few_nodes_in_narrow_directions_are_exact_to_their_degree() {
        for (refinements, directions) in (1..=WIDE.len()).flat_map(|r| (1..=MOST_LEAVES).map(move |d| (r, d))) {
            for narrow in 0..1 << directions {
                let Cubature { nodes, weights } = Cubature::at(refinements, directions, narrow);
                let wide = (0..directions).find(|direction| narrow >> direction & 1 == 0);
                for direction in 0..directions {
                    let degree = if narrow >> direction & 1 == 1 { 2 * NARROW[refinements - 1] - 1 } else { 7 };
                    // with the square of a wide one
                    for other in [None, wide.filter(|wide| *wide != direction)] {
                        for power in 0..=i32::try_from(degree).expect("small") {
                            let value = |t: &[f64; 3]| t[direction].powi(power) * other.map_or(1.0, |at| t[at] * t[at]);
                            let found: f64 = nodes.iter().zip(weights).map(|(t, w)| w * value(t)).sum();
                            let expected = moment(power);
                            assert!(
                                (found - expected).abs() < 1e-10 * (1.0 + expected),
                                "{refinements}, {narrow:b}: {found}"
                            );
                        }
                    }
                }
            }
        }
    }
}
