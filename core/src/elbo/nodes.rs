//! How finely expectations over nodes are taken.

use crate::numbers::leaves::MOST_LEAVES;
use crate::special::gauss_hermite::Rule;
use std::f64::consts::TAU;
use std::sync::LazyLock;

/// How often there can be more nodes than at first.
const MOST_REFINEMENTS: usize = 3;

/// Nodes and weights of a standard normal in some directions; the other entries of a node are 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cubature {
    pub(super) nodes: Vec<[f64; MOST_LEAVES]>,
    pub(super) weights: Vec<f64>,
}

/// How finely expectations are taken: a cubature for every number of directions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nodes {
    refinements: usize,
    cubatures: &'static [Cubature; MOST_LEAVES + 1],
}

impl Nodes {
    fn refined(refinements: usize) -> Self {
        static ALL: [LazyLock<[Cubature; MOST_LEAVES + 1]>; MOST_REFINEMENTS + 1] = [
            LazyLock::new(|| {
                [Cubature::product(1, 0), Cubature::product(4, 1), Cubature::hexagon(), Cubature::icosahedron()]
            }),
            LazyLock::new(|| cubatures([8, 4, 4])),
            LazyLock::new(|| cubatures([16, 8, 6])),
            LazyLock::new(|| cubatures([32, 16, 10])),
        ];
        Self { refinements, cubatures: &ALL[refinements] }
    }

    /// As many as a climb starts with.
    pub(crate) fn first() -> Self {
        Self::refined(0)
    }

    /// Whether there are as few.
    pub(crate) fn is_first(self) -> bool {
        self.refinements == 0
    }

    /// More of them; `None` where there are as many as there may be.
    pub(crate) fn finer(self) -> Option<Self> {
        (self.refinements < MOST_REFINEMENTS).then(|| Self::refined(self.refinements + 1))
    }

    /// The cubature in so many directions.
    pub(super) fn of(self, directions: usize) -> &'static Cubature {
        &self.cubatures[directions]
    }
}

/// Products of rules of so many nodes in each direction, for one, two and three directions.
fn cubatures(counts: [usize; MOST_LEAVES]) -> [Cubature; MOST_LEAVES + 1] {
    std::array::from_fn(|directions| match directions {
        0 => Cubature::product(1, 0),
        _ => Cubature::product(counts[directions - 1], directions),
    })
}

impl Cubature {
    /// The product of Gauss-Hermite rules of `count` nodes.
    fn product(count: usize, directions: usize) -> Self {
        let rule = Rule::of(count);
        let mut out = Self { nodes: vec![[0.0; MOST_LEAVES]], weights: vec![1.0] };
        for direction in 0..directions {
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
                let Cubature { nodes, weights } = these.of(directions);
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
}
