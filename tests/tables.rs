//! What a printed fit lists.

use hierarch::Summary;
use hierarch::prelude::*;
use hierarch::support::correlation;

model! {
    /// Three numbers that go together in all groups, and two more that do so in each group by itself.
    Together(groups: &[Vec<([f64; 3], [f64; 2])>]) {
        shared ~ LkjCholesky(3, 2.0);
        for group in groups {
            own ~ LkjCholesky(2, 2.0);
            for (three, two) in group {
                three[..] ~ MultivariateNormal(&[0.0; 3], diag_pre_multiply(&[1.0; 3], shared));
                two[..] ~ MultivariateNormal(&[0.0; 2], diag_pre_multiply(&[1.0; 2], own));
            }
        }
    }
}

fn groups() -> Vec<Vec<([f64; 3], [f64; 2])>> {
    let datum = |i: u32, k: u32| {
        let at = |step: u32| (1.3 * f64::from(7 * i + k * step)).sin();
        ([at(1), at(1) + 0.7 * at(3), at(5) - 0.5 * at(1)], [at(2), at(2) - 0.6 * at(7)])
    };
    (0..2).map(|i| (0..8).map(|k| datum(i, k)).collect()).collect()
}

/// Mean and sd of the row of that name.
fn row(table: &str, name: &str) -> [f64; 2] {
    let rows: Vec<&str> = table.lines().filter_map(|line| line.strip_prefix(name)).collect();
    assert_eq!(rows.len(), 1, "{name}\n{table}");
    let mut numbers = rows[0].split_whitespace().map(|word| word.parse().expect("a number"));
    [(); 2].map(|()| numbers.next().expect("a mean and an sd"))
}

fn is_row_of(table: &str, name: &str, summary: Summary) {
    for (found, expected) in row(table, name).into_iter().zip([summary.mean, summary.sd]) {
        assert!((found - expected).abs() <= 1e-3 * expected.abs(), "{name}: {found}, not {expected}\n{table}");
    }
}

#[test]
fn correlations_stand_in_place_of_their_cholesky_factor() {
    let groups = groups();
    let fit = Together::new(&groups).fit().expect("valid");
    let table = fit.to_string();
    for (row, column) in [(1, 0), (2, 0), (2, 1)] {
        let summary = fit.marginal(|draw| correlation(&draw.global.shared, row, column));
        is_row_of(&table, &format!("shared[{row}, {column}] "), summary);
    }
    for i in 0..2 {
        let summary = fit.marginal(|draw| correlation(&draw.local[i].own, 1, 0));
        is_row_of(&table, &format!("own[1, 0]  task {i} "), summary);
    }
    let latents = table.lines().filter(|line| line.starts_with("shared") || line.starts_with("own"));
    assert_eq!(latents.count(), 5, "{table}");
    // the numbers themselves are the entries of the factor
    assert_eq!((fit.global().shared.len(), fit.local(0).own.len()), (6, 3));

    let adapted = fit.adapt(&groups[0]).expect("valid");
    let summary = adapted.marginal(|draw| correlation(&draw.local.own, 1, 0));
    is_row_of(&adapted.to_string(), "own[1, 0] ", summary);
}
