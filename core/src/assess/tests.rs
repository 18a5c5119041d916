//! Estimates from log densities that can be written down, against ArviZ 0.23.4 (`az.loo`, `az.waic`, `az.compare`, with relative
//! efficiencies of 1); its standard errors divide by n where ours divide by n - 1.

use crate::assess::accumulate::Accumulator;
use crate::assess::compare::compare;
use crate::assess::elpd::{By, Elpd, LeftOut, Method};
use crate::error::{Error, TaskName};
use crate::posterior::mc_error::Dependence;
use crate::special::normal_quantile;

const YS: [f64; 6] = [-0.3, 0.1, 0.5, 1.2, -1.0, 4.0];
const DRAWS: i32 = 1000;

/// ln N(y | mu, scale) for mu at even quantiles of N(0, 0.4).
fn estimate(method: Method, scale: f64) -> Elpd {
    let weights = vec![f64::from(DRAWS).recip(); DRAWS.unsigned_abs() as usize];
    let mus: Vec<f64> = (0..DRAWS).map(|s| 0.4 * normal_quantile((f64::from(s) + 0.5) / f64::from(DRAWS))).collect();
    let constant = -0.5 * (2.0 * std::f64::consts::PI).ln() - scale.ln();
    let mut accumulator = Accumulator::new(By::Task, method, &weights, &Dependence::NONE);
    for (i, y) in YS.iter().enumerate() {
        let ln_p: Vec<f64> = mus.iter().map(|mu| constant - 0.5 * ((y - mu) / scale).powi(2)).collect();
        accumulator.add(LeftOut::Task(TaskName::unlabelled(i)), &ln_p);
    }
    accumulator.finish()
}

fn close(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-7 * (1.0 + expected.abs()), "{what}: {found}, not {expected}");
}

/// By which factor our standard errors are larger.
fn correction() -> f64 {
    (YS.len() as f64 / (YS.len() as f64 - 1.0)).sqrt()
}

#[test]
fn leave_one_out_agrees_with_arviz() {
    let found = estimate(Method::LeaveOneOut, 1.0);
    close("elpd", found.elpd, -17.159_238_730_624_05);
    close("standard error", found.standard_error, 8.367_830_413_973_39 * correction());
    close("effective parameters", found.effective_parameters, 3.097_446_218_263_173);
    let elpds = [
        -1.059_696_353_373,
        -1.011_970_497_172,
        -1.155_026_277_495,
        -1.863_197_462_071,
        -1.601_468_792_387,
        -10.467_879_348_126,
    ];
    let k_hats = [
        0.219_980_924_132,
        0.212_583_572_117,
        0.229_063_793_795,
        0.290_759_651_898,
        0.269_821_719_796,
        0.664_021_884_348,
    ];
    for ((point, elpd), k_hat) in found.points.iter().zip(elpds).zip(k_hats) {
        close("a point", point.elpd, elpd);
        let found = point.k_hat.expect("it has weights");
        assert!((found - k_hat).abs() < 1e-6, "k-hat {found}, not {k_hat}");
    }
    // 1 - 1 / log10(1000) is just above
    assert_eq!(found.doubtful().count(), 0);
    assert!(!found.to_string().contains("k-hat"), "{found}");
}

#[test]
fn waic_agrees_with_arviz() {
    let found = estimate(Method::Waic, 1.0);
    close("elpd", found.elpd, -17.139_821_226_364_75);
    close("standard error", found.standard_error, 8.365_423_725_931_228 * correction());
    close("effective parameters", found.effective_parameters, 3.078_028_714_003_873);
    close("a point", found.points[5].elpd, -10.462_892_255_473_875);
    // the far point alone has a variance above 0.4
    let doubtful: Vec<_> = found.doubtful().map(|point| point.left_out.clone()).collect();
    assert_eq!(doubtful, [LeftOut::Task(TaskName::unlabelled(5))]);
    assert!(found.to_string().ends_with("for 1 of 6, the first of them task 5"), "{found}");
}

#[test]
fn comparison_agrees_with_arviz() {
    let (narrow, wide) = (estimate(Method::LeaveOneOut, 1.0), estimate(Method::LeaveOneOut, 2.0));
    let comparison = compare(&[("narrow", &narrow), ("wide", &wide)]).expect("alike");
    let [first, second] = &comparison.rows[..] else { panic!("two models") };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("wide", "narrow"));
    close("elpd", first.elpd, -12.242_319_997_670_02);
    assert_eq!((first.difference, first.difference_error), (0.0, 0.0));
    close("difference", second.difference, -4.916_918_732_954_03);
    close("its error", second.difference_error, 6.524_487_568_925_361 * correction());
    assert_eq!(comparison.to_string().lines().count(), 3);
}

#[test]
fn what_is_not_alike_is_not_compared() {
    let (loo, waic) = (estimate(Method::LeaveOneOut, 1.0), estimate(Method::Waic, 1.0));
    let fewer = Elpd { points: loo.points[..3].to_vec(), ..loo.clone() };
    for models in [&[][..], &[("one", &loo), ("other", &waic)], &[("one", &loo), ("fewer", &fewer)]] {
        assert!(matches!(compare(models), Err(Error::Unusable(_))), "{models:?}");
    }
    let said = compare(&[("one", &loo), ("other", &waic)]).expect_err("not alike").to_string();
    assert!(said.contains("WAIC of 6 tasks") && said.contains("leave-one-out of 6 tasks"), "{said}");
}

#[test]
fn what_a_draw_makes_impossible_has_no_finite_estimate() {
    let weights = vec![0.01; 100];
    let mut ln_p = vec![-1.0; 100];
    ln_p[3] = f64::NEG_INFINITY;
    let mut accumulator = Accumulator::new(By::Task, Method::LeaveOneOut, &weights, &Dependence::NONE);
    accumulator.add(LeftOut::Task(TaskName::unlabelled(0)), &ln_p);
    let found = accumulator.finish();
    assert_eq!((found.elpd, found.points[0].k_hat), (f64::NEG_INFINITY, Some(f64::INFINITY)));
    let mut accumulator = Accumulator::new(By::Task, Method::Waic, &weights, &Dependence::NONE);
    accumulator.add(LeftOut::Task(TaskName::unlabelled(0)), &ln_p);
    let found = accumulator.finish();
    assert!(found.elpd == f64::NEG_INFINITY && found.mc_error == 0.0 && found.doubtful().count() == 1, "{found}");
    // a draw that does not count makes nothing impossible
    let mut weights = vec![1.0 / 99.0; 100];
    weights[3] = 0.0;
    let mut accumulator = Accumulator::new(By::Task, Method::LeaveOneOut, &weights, &Dependence::NONE);
    accumulator.add(LeftOut::Task(TaskName::unlabelled(0)), &ln_p);
    close("the rest", accumulator.finish().elpd, -1.0);
}
