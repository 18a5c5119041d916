//! Pictures hold what they should, and say what is wrong with them.

use crate::assess::reliability::Reliability;
use crate::fit::{Fit, Fittable};
use crate::plots::{Picture, PlotError, check, densities, forest, intervals, reliability, trace};
use crate::prelude::*;

model! {
    Groups(groups: &[Vec<f64>]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfNormal(2.0);
        for ys in groups {
            theta ~ Normal(mu, tau);
            for y in ys {
                y ~ Normal(theta, 1.0);
            }
        }
    }
}

const RAW: [f64; 3] = [1.0, -0.5, 2.0];

fn with_fit<T>(use_it: impl FnOnce(&Fit<Groups<'_>>) -> T) -> T {
    let groups: Vec<Vec<f64>> = RAW.iter().map(|raw| vec![raw - 0.3, *raw, raw + 0.3]).collect();
    use_it(&Groups::new(&groups).fit().expect("valid"))
}

fn count(picture: &Picture, what: &str) -> usize {
    picture.svg().matches(what).count()
}

#[test]
fn a_forest_has_a_dot_and_a_raw_dot_a_task() {
    with_fit(|fit| {
        let bare = forest(fit, "theta", |local| local.theta, &[]).expect("it can be drawn");
        assert_eq!(count(&bare, "<circle"), 3);
        let both = forest(fit, "theta", |local| local.theta, &RAW).expect("it can be drawn");
        // two more stand in the key
        assert_eq!(count(&both, "<circle"), 8);
        assert!(both.svg().contains("the task by itself") && !bare.svg().contains("the task by itself"));
        let wrong = forest(fit, "theta", |local| local.theta, &RAW[..2]);
        assert!(matches!(wrong, Err(PlotError::Drawing(why)) if why == "2 raw estimates of 3 tasks"));
    });
}

#[test]
fn intervals_have_a_dot_and_a_name_a_row() {
    with_fit(|fit| {
        let row = |i: usize| (format!("group {i}"), fit.marginal(|draw| draw.local[i].theta - draw.global.mu));
        let picture = intervals("Shifts", ["shift", "where"], &[row(2), row(0)], 0.0).expect("it can be drawn");
        assert_eq!(count(&picture, "<circle"), 2);
        let at = |text: &str| picture.svg().find(text).unwrap_or_else(|| panic!("{text} is not written"));
        assert!(at("Shifts") < at("group 0") && at("group 2") > 0);
        assert!(intervals("Nothing", ["", ""], &[], 0.0).is_ok());
    });
}

#[test]
fn the_other_pictures_hold_what_they_show() {
    with_fit(|fit| {
        let tau = densities(fit, "tau", |draw| draw.global.tau).expect("it can be drawn");
        assert!(tau.svg().contains("prior") && tau.svg().contains("posterior"));
        let constant = densities(fit, "one", |_| 1.0);
        assert!(matches!(constant, Err(PlotError::Drawing(why)) if why.contains("`one`")));
        let checked = fit.check(|data| data.values()[0]).expect("all have samplers");
        let picture = check(&checked, "first").expect("it can be drawn");
        assert!(picture.svg().contains(&format!("first: p = {:.3}", checked.p_value)));
        let climb = trace(fit).expect("it can be drawn");
        assert_eq!(count(&climb, "<circle"), fit.trace().len());
    });
}

#[test]
fn a_reliability_diagram_has_a_dot_a_bin_that_is_no_noise() {
    // 150 at 0.5, of which 75 are right; 150 at 0.9, of which 120 are; 1 alone at 0.1
    let (mut confidence, mut correct) = (vec![0.5; 150], (0..150).map(|k| k < 75).collect::<Vec<_>>());
    confidence.extend([0.9; 150]);
    correct.extend((0..150).map(|k| k < 120));
    confidence.push(0.1);
    correct.push(false);
    let (ours, surer) = (Reliability::new(&confidence, &correct, 10), Reliability::new(&[1.0; 4], &[true; 4], 10));
    let picture = reliability("answers", &[("ours", &ours), ("sure", &surer)]).expect("it can be drawn");
    // (150 * 0.1 + 1 * 0.1) / 301
    assert!(picture.svg().contains("ours (ECE 5.0%)") && picture.svg().contains("sure (ECE 0.0%)"));
    // two bins and one, and a dot each in the key
    assert_eq!(count(&picture, "<circle"), 5);
    let none = reliability("answers", &[("none", &Reliability::new(&[], &[], 10))]);
    assert!(matches!(none, Err(PlotError::Drawing(why)) if why == "`none` holds no predictions"));
}

#[test]
fn the_ending_of_a_file_tells_how_it_is_written() {
    let picture = Picture::draw((60, 40), |_| Ok(())).expect("it can be drawn");
    let folder = std::env::temp_dir().join(format!("hierarch-plots-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    picture.save(folder.join("a.svg")).expect("it can be written");
    assert_eq!(std::fs::read_to_string(folder.join("a.svg")).expect("it was written"), picture.svg());
    match picture.save(folder.join("a.png")) {
        Ok(()) => {
            let bytes = std::fs::read(folder.join("a.png")).expect("it was written");
            assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
            // width and height follow the header of the first chunk
            assert_eq!((bytes[19], bytes[23]), (120, 80), "twice as large as drawn");
        }
        Err(error) => assert!(matches!(error, PlotError::NoFonts), "{error}"),
    }
    assert!(matches!(picture.save(folder.join("a.gif")), Err(PlotError::Ending(_))));
    assert!(matches!(picture.save(folder.join("none/a.svg")), Err(PlotError::File { .. })));
    std::fs::remove_dir_all(&folder).expect("its files are closed");
}
