//! Default fits of the panel's rows whose posterior is known and which take a second or less, against it.

use crate::panel_rows::{Off, SMALL};
use hierarch::Options;

/// Rows that the test fits.
const CHEAP: &[&str] = &["eight schools", "meta-analysis", "rats", "radon", "baseball", "catheters", "shifted"];

#[test]
fn cheap_rows_have_the_right_posterior() {
    for row in SMALL.iter().filter(|row| CHEAP.contains(&row.name)) {
        let fit = (row.job)()(&Options::default()).expect("the data are valid");
        let Off { mean, sd } = Off::of(&fit.latents(), &(row.reference)());
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
