//! Numbers of all kinds beside latents: whole literals, `f32`, whole numbers; `dot` and `sum`.

use crate::errors::message;
use hierarch::prelude::*;
use hierarch::{Fit, Model};

fn ln_evidence<M: Model>(fit: &Fit<M>) -> u64 {
    fit.evidence().expect("few latents").ln_evidence.to_bits()
}

/// Halves, so that `f32` holds them.
const ROWS: [([f64; 2], f64); 4] = [([1.0, 0.5], 2.0), ([1.0, 1.5], 2.5), ([1.0, -1.0], 0.0), ([1.0, 3.0], 4.5)];

model! {
    Whole(rows: &[([f64; 2], f64)]) {
        a ~ Normal(0, 3);
        b ~ Normal(0, 1 + 1);
        tau ~ HalfNormal(2);
        for (x, y) in rows {
            let mean = (1 - a) / 2 + 3 * (b * x[1]);
            let sd = (2 * tau).sqrt() + 1;
            y ~ Normal(mean - 1, sd);
        }
    }
}

model! {
    Floating(rows: &[([f64; 2], f64)]) {
        a ~ Normal(0.0, 3.0);
        b ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(2.0);
        for (x, y) in rows {
            let mean = (1.0 - a) / 2.0 + 3.0 * (b * x[1]);
            let sd = (2.0 * tau).sqrt() + 1.0;
            y ~ Normal(mean - 1.0, sd);
        }
    }
}

#[test]
fn whole_literals_are_the_numbers_that_they_look_like() {
    let [whole, floating] = [
        ln_evidence(&Whole::new(&ROWS).fit().expect("valid")),
        ln_evidence(&Floating::new(&ROWS).fit().expect("valid")),
    ];
    assert_eq!(whole, floating);
}

/// A row in single precision.
pub(crate) struct Single {
    x: Vec<f32>,
    y: f32,
    sd: f32,
    count: u8,
}

fn single() -> Vec<Single> {
    let row = |(x, y): &([f64; 2], f64)| {
        #[expect(clippy::cast_possible_truncation, reason = "exact")]
        let [x, y] = [x.map(|x| x as f32), [*y as f32; 2]];
        Single { x: x.to_vec(), y: y[0], sd: 0.5, count: 3 }
    };
    ROWS.iter().map(row).collect()
}

model! {
    OfSingles(rows: &[Single], unit: f32) {
        beta[_ in 0..2] ~ Normal(0.0, unit);
        tau ~ HalfNormal(unit);
        for row in rows {
            let own = beta[0] * row.sd + tau / row.count;
            row.y ~ Normal(dot(&beta, &row.x) + own, row.sd);
            row.x[..] ~ MultivariateNormal(&beta, Diagonal([unit, unit]));
        }
    }
}

model! {
    OfDoubles(rows: &[([f64; 2], f64)], unit: f64) {
        beta[_ in 0..2] ~ Normal(0.0, unit);
        tau ~ HalfNormal(unit);
        for (x, y) in rows {
            let own = beta[0] * 0.5 + tau / 3.0;
            let mean = sum(x.iter().zip(beta).map(|(x, b)| *b * *x));
            y ~ Normal(mean + own, 0.5);
            x[..] ~ MultivariateNormal(&beta, Diagonal([unit, unit]));
        }
    }
}

#[test]
fn single_precision_does_where_double_does() {
    let (singles, doubles) = (single(), OfDoubles::new(&ROWS, 1.0).fit().expect("valid"));
    let fit = OfSingles::new(&singles, 1.0).fit().expect("valid");
    assert_eq!(ln_evidence(&fit), ln_evidence(&doubles));
}

const RAGGED: u32 = line!() + 1;
model! {
    Ragged(rows: &[(Vec<f64>, f64)]) {
        beta[_ in 0..2] ~ Normal(0.0, 1.0);
        for (x, y) in rows {
            theta ~ Normal(dot(&beta, x), 1.0);
            y ~ Normal(theta, 1.0);
        }
    }
}

#[test]
fn a_row_of_another_length_is_named() {
    let rows = [(vec![1.0, 2.0], 0.5), (vec![1.0], 0.5)];
    assert_eq!(
        message(Ragged::new(&rows)),
        format!(
            "`theta`, task 1 ({}:{}): NaN enters here from the data or a constant (a covariate, or a `dot` of lists of \
             different lengths?), which must be finite",
            file!(),
            RAGGED + 4
        )
    );
}
