//! Derivatives of the expected squares of mixed forms in the guide.

use crate::density::closed::derivatives::{GuideDerivatives, Slopes};
use crate::density::closed::mixed::{ByClasses, ClassPair, MOST_CLASSES, MixedGroup, Moments};
use crate::density::closed::view::BlockView;

impl MixedGroup {
    /// The expectation; adds its derivatives to `out`.
    ///
    /// It is a sum over pairs of classes of E\[exp\] * Q, as a group of squares is of one: what is known of Q is handed to
    /// [`GuideDerivatives::add_product`], but for its second derivatives in two locs, which are 2 R_j' R_k.
    pub(super) fn derivatives(&self, numbers: &[f64], seen: BlockView<'_>, out: &mut GuideDerivatives) -> f64 {
        let exps = self.exps(|exponent| exponent.expected_exp(seen));
        let mut moments = std::mem::take(&mut out.moments);
        self.take_moments(numbers, seen, &mut moments);
        let mut value = 0.0;
        for pair in &self.pairs {
            let [a, b] = pair.classes;
            let (factor, square) = (self.sign * pair.count() * exps[a][b], moments.products[a][b]);
            self.take_slopes(pair, seen, &mut moments);
            let Moments { coordinates, in_loc, in_ln_scale, .. } = &moments;
            let slopes = Slopes { coordinates, in_loc, in_ln_scale };
            out.add_product(&pair.exponent, [factor, square], slopes, seen.variance);
            value += factor * square;
        }
        if out.is_second() {
            self.add_curvature_in_locs(&exps, &moments, out);
        }
        out.moments = moments;
        value
    }

    /// The moments replace the content of `out`.
    fn take_moments(&self, numbers: &[f64], seen: BlockView<'_>, out: &mut Moments) {
        let width = self.features.len();
        out.along.clear();
        out.along.resize(width, [0.0; MOST_CLASSES]);
        out.gram.clear();
        out.gram.resize(width * width, 0.0);
        out.products = ByClasses::default();
        self.rows(numbers, |first, row| {
            let parts = self.parts(first, row, seen.loc);
            for a in 0..self.classes {
                (0..self.classes).for_each(|b| out.products[a][b] += parts[a] * parts[b]);
            }
            for (j, r) in row.iter().enumerate() {
                let along = &mut out.along[first + j][..self.classes];
                along.iter_mut().zip(&parts).for_each(|(along, part)| *along += r * part);
                let gram = &mut out.gram[(first + j) * width + first + j..];
                gram.iter_mut().zip(&row[j..]).for_each(|(gram, s)| *gram += r * s);
            }
        });
        for (j, feature) in self.features.iter().enumerate() {
            out.products[feature.class][feature.class] += out.gram[j * width + j] * feature.variance(seen.variance);
        }
        for &[j, k] in &self.twins {
            let (a, b) = (self.features[j].class, self.features[k].class);
            let both = out.gram[j * width + k] * self.features[j].variance(seen.variance);
            out.products[a][b] += both;
            out.products[b][a] += both;
        }
    }

    /// Q' of a pair of classes: in a loc R_j' R_b m_b for j in a, and the other way round; in an ln_scale twice the
    /// variance's share.
    fn take_slopes(&self, pair: &ClassPair, seen: BlockView<'_>, out: &mut Moments) {
        let width = self.features.len();
        let [a, b] = pair.classes;
        out.coordinates.clear();
        out.in_loc.clear();
        out.in_ln_scale.clear();
        for (j, feature) in self.features.iter().enumerate() {
            let Some(coordinate) = feature.coordinate.filter(|_| pair.classes.contains(&feature.class)) else {
                continue;
            };
            let along = out.along[j];
            let slopes = match feature.class {
                class if a == b => [2.0 * along[class], 2.0 * out.gram[j * width + j] * seen.variance[coordinate]],
                class => [along[a + b - class], 0.0],
            };
            out.push_slopes(coordinate, slopes);
        }
        for &[j, k] in &self.twins {
            let [of_j, of_k] = [self.features[j].class, self.features[k].class];
            if [of_j.min(of_k), of_j.max(of_k)] == pair.classes {
                let coordinate = self.features[j].coordinate.expect("a twin has a coordinate");
                let in_ln_scale = 2.0 * out.gram[j * width + k] * seen.variance[coordinate];
                out.push_slopes(coordinate, [0.0, in_ln_scale]);
            }
        }
    }

    /// Adds the second derivatives of the sum in two locs, the exponents held.
    fn add_curvature_in_locs(&self, exps: &ByClasses, moments: &Moments, out: &mut GuideDerivatives) {
        let width = self.features.len();
        for (j, feature) in self.features.iter().enumerate() {
            let Some(row) = feature.coordinate else { continue };
            for (k, other) in self.features.iter().enumerate() {
                let Some(col) = other.coordinate else { continue };
                let gram = moments.gram[j.min(k) * width + j.max(k)];
                out.add_second(row, col, 2.0 * self.sign * exps[feature.class][other.class] * gram);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::closed::collect::ClosedSum;
    use crate::density::closed::view::BlockPoint;
    use crate::density::closed::{ClosedBlock, ClosedTable};
    use crate::dist::{Distribution, Normal};
    use crate::linalg::envelope::Full;
    use crate::numbers::form::Form;
    use crate::numbers::number::{Number, Real};
    use crate::numbers::pass::Order;
    use nalgebra::DMatrix;

    /// Four globals, two locals.
    const N: usize = 6;
    const GLOBALS: [usize; 4] = [0, 1, 2, 3];
    const LOC: [f64; N] = [0.6, -0.3, 0.2, 0.4, 1.1, -0.7];
    const LN_SCALE: [f64; N] = [-1.2, -1.9, -2.0, -1.8, -0.9, -1.8];
    const DATA: [(f64, f64); 9] = [
        (0.5, 1.3),
        (-1.0, 0.2),
        (2.0, -0.8),
        (0.0, 0.4),
        (1.5, 2.2),
        (0.3, -1.9),
        (-0.7, 0.9),
        (1.1, 0.1),
        (-2.1, 1.7),
    ];

    /// Ways to write the mean and the scale of a normal y, given x.
    #[derive(Clone, Copy, Debug)]
    enum Writing {
        NonCentred,
        InterceptAndSlope,
        SharedCoordinates,
        CancellingScale,
        Exponential,
        LocalScale,
    }
    const WRITINGS: [Writing; 6] = [
        Writing::NonCentred,
        Writing::InterceptAndSlope,
        Writing::SharedCoordinates,
        Writing::CancellingScale,
        Writing::Exponential,
        Writing::LocalScale,
    ];

    fn normal<A: Number>(writing: Writing, u: &[Real<A>], x: f64) -> Normal<Real<A>, Real<A>> {
        let [mu, r, t, s, z, w] = *u else { panic!("six coordinates") };
        match writing {
            Writing::NonCentred => Normal(mu + r.exp() * z, t.exp()),
            Writing::InterceptAndSlope => Normal(mu + r.exp() * z + (w * s.exp() + 0.5) * x, t.exp()),
            Writing::SharedCoordinates => Normal(
                mu + s.exp() * (w * x + 0.3 * mu + 0.2) + (r + 0.5 * s).exp() * (z - x * mu + 0.4 * w),
                (0.5 * t + 0.1).exp(),
            ),
            Writing::CancellingScale => Normal(mu + r.exp() * z - x * (w * (r + s).exp()), r.exp()),
            Writing::Exponential => Normal(x * r.exp() - (t + s).exp(), Real::constant(0.7)),
            Writing::LocalScale => Normal(mu + w.exp() * z, (t - w).exp()),
        }
    }

    fn table(writing: Writing, globals: &[usize]) -> ClosedTable {
        let u: Vec<Real<Form>> = LOC.iter().enumerate().map(|(j, &u)| Real(Form::coordinate(j, u))).collect();
        let mut sum = ClosedSum::default();
        for (x, y) in DATA {
            sum.add(&normal(writing, &u, x).closed_form(y).expect("a closed form"), |j| j);
        }
        let mut table = ClosedTable::default();
        table.push(&sum, globals);
        table
    }

    fn ln_density(writing: Writing, u: &[f64]) -> f64 {
        let u: Vec<Real<f64>> = u.iter().map(|&u| Real(u)).collect();
        DATA.iter().map(|&(x, y)| normal(writing, &u, x).ln_density(y).value()).sum()
    }

    /// Calls `f` with every writing's block, with exponents that are shared and with such as are not.
    fn each_block(f: impl Fn(Writing, ClosedBlock<'_>, &ClosedTable)) {
        for writing in WRITINGS {
            for globals in [&GLOBALS[..], &[]] {
                let table = table(writing, globals);
                f(writing, table.block(0), &table);
            }
        }
    }

    fn assert_near(what: &str, writing: Writing, found: f64, expected: f64, tolerance: f64) {
        let off = (found - expected).abs();
        assert!(off < tolerance * (1.0 + expected.abs()), "{writing:?}, {what}: {found} is not {expected}");
    }

    /// Five-point differences of `f` in entry j.
    fn difference(at: &[f64], j: usize, f: impl Fn(&[f64]) -> f64) -> f64 {
        let h = 1e-3;
        let moved = |by: f64| {
            let mut moved = at.to_vec();
            moved[j] += by;
            f(&moved)
        };
        (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h)
    }

    fn variance_of(ln_scale: &[f64]) -> Vec<f64> {
        ln_scale.iter().map(|s| (2.0 * s).exp()).collect()
    }

    /// The expectation at a guide (locs, `ln_scales`).
    fn value(block: ClosedBlock<'_>, table: &ClosedTable, guide: &[f64]) -> f64 {
        let (loc, variance) = (&guide[..N], variance_of(&guide[N..]));
        block.value(BlockView { loc, variance: &variance, exps: &table.shared(loc, &variance) })
    }

    fn derivatives(
        block: ClosedBlock<'_>,
        table: &ClosedTable,
        guide: &[f64],
        order: Order,
    ) -> (f64, GuideDerivatives) {
        let (loc, variance) = (&guide[..N], variance_of(&guide[N..]));
        let mut out = GuideDerivatives::default();
        out.reset(N, order);
        let exps = table.shared(loc, &variance);
        (block.derivatives(BlockView { loc, variance: &variance, exps: &exps }, &mut out), out)
    }

    fn at_point(block: ClosedBlock<'_>, table: &ClosedTable, u: &[f64]) -> (f64, Vec<f64>) {
        let mut gradient = vec![0.0; N];
        let exps = table.shared(u, &[0.0; N]);
        (block.at_point(BlockPoint { u, exps: &exps }, &mut gradient), gradient)
    }

    #[test]
    fn at_a_point_they_are_the_density() {
        each_block(|writing, block, table| {
            for shift in [-0.8, 0.0, 1.3] {
                let u = LOC.map(|u| u + shift);
                let (value, gradient) = at_point(block, table, &u);
                assert_near("value", writing, value, ln_density(writing, &u), 1e-12);
                for (j, slope) in gradient.into_iter().enumerate() {
                    assert_near("slope", writing, slope, difference(&u, j, |u| ln_density(writing, u)), 1e-8);
                }
            }
        });
    }

    #[test]
    fn the_expectation_is_that_of_quadrature() {
        // nodes and weights of the 5-point rule for E f(z), z standard normal
        let rule = [
            (0.0, 8.0 / 15.0),
            (1.355_626_179_974_266, 0.222_075_922_005_612_6),
            (-1.355_626_179_974_266, 0.222_075_922_005_612_6),
            (2.856_970_013_872_806, 0.011_257_411_327_720_7),
            (-2.856_970_013_872_806, 0.011_257_411_327_720_7),
        ];
        each_block(|writing, block, table| {
            let place = |j: usize| (0..j).fold(1, |place, _| 5 * place);
            let at = |code: usize| {
                let node = |j: usize| rule[code / place(j) % 5];
                let u: [f64; N] = std::array::from_fn(|j| LOC[j] + LN_SCALE[j].exp() * node(j).0);
                (0..N).map(|j| node(j).1).product::<f64>() * ln_density(writing, &u)
            };
            let expected: f64 = (0..place(N)).map(at).sum();
            let found = value(block, table, &[LOC, LN_SCALE].concat());
            assert_near("expectation", writing, found, expected, 1e-6);
        });
    }

    #[test]
    fn derivatives_are_those_of_the_expectation() {
        each_block(|writing, block, table| {
            let guide = [LOC, LN_SCALE].concat();
            let (found, second) = derivatives(block, table, &guide, Order::Second);
            assert_near("value", writing, found, value(block, table, &guide), 1e-13);
            let (_, first) = derivatives(block, table, &guide, Order::First);
            assert_eq!(first.gradient, second.gradient);
            for row in 0..2 * N {
                let slope = difference(&guide, row, |guide| value(block, table, guide));
                assert_near("slope", writing, second.gradient[row], slope, 1e-8);
                for col in 0..2 * N {
                    let slope_of = |guide: &[f64]| derivatives(block, table, guide, Order::First).1.gradient[row];
                    let curvature = second.hessian[row * 2 * N + col];
                    assert_near("curvature", writing, curvature, difference(&guide, col, slope_of), 1e-8);
                }
            }
        });
    }

    #[test]
    fn given_the_exponents_they_are_quadratic() {
        each_block(|writing, block, table| {
            let is_quadratic = !matches!(writing, Writing::LocalScale);
            assert_eq!(block.is_quadratic(4), is_quadratic, "{writing:?}");
            assert!(!block.is_quadratic(1));
            if !is_quadratic {
                return;
            }
            let exps = table.shared(&LOC, &[0.0; N]);
            let mut hessian = DMatrix::zeros(2, 2);
            let mut sum = Full { n: 2, numbers: hessian.as_mut_slice() };
            block.add_curvature(4, BlockPoint { u: &LOC, exps: &exps }, &mut sum);
            for row in 0..2 {
                for col in 0..2 {
                    let slope = |u: &[f64]| at_point(block, table, u).1[4 + row];
                    assert_near("curvature", writing, hessian[(row, col)], difference(&LOC, 4 + col, slope), 1e-8);
                }
            }
        });
    }

    #[test]
    fn a_block_is_no_larger_for_more_data() {
        let layout = |writing| table(writing, &GLOBALS).layouts[0].mixed.clone();
        let [non_centred] = &layout(Writing::NonCentred)[..] else { panic!("one group") };
        assert_eq!((non_centred.classes, non_centred.rows), (2, 3));
        let [lines] = &layout(Writing::InterceptAndSlope)[..] else { panic!("one group") };
        assert_eq!((lines.classes, lines.rows), (3, 4));
    }
}
