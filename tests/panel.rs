//! Default fits of the panel's small rows, against the posteriors that they should have.

use crate::panel_rows::{Off, SMALL};
use hierarch::Options;

#[test]
fn small_rows_have_the_right_posterior() {
    for row in SMALL {
        let options = Options::default();
        // a part of the mass, 1.5%, is apart from the rest: so many draws find it, where a default fit does by chance
        let posterior_draws = if row.name.starts_with("skew normal") { 8000 } else { options.posterior_draws };
        let fit = (row.job)()(&Options { posterior_draws, ..options }).expect("the data are valid");
        let expected = (row.reference)();
        assert!(!expected.is_empty(), "{} has no reference", row.name);
        let Off { mean, sd } = Off::of(&fit.latents(), &expected);
        assert!(mean.error < 0.1, "{}: the mean of {} is {:.3} sd off", row.name, mean.name, mean.error);
        assert!(sd.error < 10.0, "{}: the sd of {} is {:.1}% off", row.name, sd.name, sd.error);
    }
}

#[test]
fn every_row_has_a_name_of_its_own() {
    for (i, row) in SMALL.iter().enumerate() {
        assert!(SMALL[..i].iter().all(|other| other.name != row.name), "{} is there twice", row.name);
    }
}
