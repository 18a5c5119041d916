//! What the examples hold their posteriors against.

use hierarch::Summary;

/// Asserts that means agree within a tenth of a standard deviation, and standard deviations within ten per cent, with
/// `reference`. `compared` holds a posterior, then the mean and the standard deviation that it should have.
pub(crate) fn assert_near(reference: &str, compared: &[(Summary, f64, f64)]) {
    let worst = |f: &dyn Fn(&(Summary, f64, f64)) -> f64| compared.iter().map(f).fold(0.0, f64::max);
    let off = worst(&|(ours, mean, sd)| (ours.mean - mean).abs() / sd);
    let wide = worst(&|(ours, _, sd)| (ours.sd / sd - 1.0).abs());
    let (latents, percent) = (compared.len(), 100.0 * wide);
    println!("against {reference}, {latents} latents: means within {off:.3} sd, sds within {percent:.1}%");
    assert!(off < 0.1 && wide < 0.1);
}
