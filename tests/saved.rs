//! Fits in files, and what `serde` writes and reads.

use crate::models::{EightSchools, SCHOOLS};
use hierarch::prelude::*;
use hierarch::tasks::{Groups, grouped};
use hierarch::{Correction, Draw, Error, FileError, Fit, GlobalFactor, LocalFactor, Model, Options, Summary, Trust};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// A file of this test's own, removed at the end.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("hierarch-{name}-{}.fit", std::process::id())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // one that was never written is no failure
        _ = fs::remove_file(&self.0);
    }
}

fn school(effect: f64, std_error: f64) -> crate::models::School {
    crate::models::School { effect, std_error }
}

/// Everything that a fit says, in words that hold all digits.
fn said<M: Model>(fit: &Fit<M>, new: &M::Task) -> String {
    let adapted = fit.adapt(new).expect("valid");
    let (rows, table) = (fit.rows(), fit.draws_table(20));
    let evidence = adapted.evidence().map(|evidence| evidence.ln_evidence);
    let predicted: Vec<_> = fit.replicate(0).expect("samplers").into_iter().map(|p| p.draws).collect();
    let of_new: Vec<_> = adapted.replicate(new).expect("samplers").into_iter().map(|p| p.draws).collect();
    format!(
        "{fit}{rows:?}{table:?}{evidence:?}{adapted}{predicted:?}{of_new:?}{:?}{:?}{:?}{:?}{:?}",
        fit.trust(),
        fit.evidence(),
        fit.certificate(),
        fit.elbo(),
        fit.explain()
    )
}

#[test]
fn what_is_loaded_predicts_adapts_and_reports_the_same_bits() {
    let chosen = [
        ("weights", Options::default()),
        ("chains", Options { correction: Correction::Chains, ..Options::default() }),
        ("linear", Options { correction: Correction::LinearResponse, random_start: Some(3), ..Options::default() }),
        ("full", Options { locals: LocalFactor::Full, ..Options::default() }),
        ("point", Options { global: GlobalFactor::Point, locals: LocalFactor::Full, ..Options::default() }),
    ];
    for (name, options) in chosen {
        let file = File::new(name);
        let fit = EightSchools::new(&SCHOOLS).fit_with(&options).expect("valid");
        fit.save(&file.0).expect("the folder of temporary files can be written");
        let again = EightSchools::new(&SCHOOLS).load(&file.0).expect("the same model and data");
        let new = school(5.0, 7.0);
        assert_eq!(said(&again, &new), said(&fit, &new), "{name}");
        assert_eq!(again.times().climb, fit.times().climb, "{name}");
    }
}

#[test]
fn what_was_absorbed_is_saved() {
    let file = File::new("absorbed");
    let mut fit = EightSchools::new(&SCHOOLS).fit().expect("valid");
    fit.absorb(&school(5.0, 7.0)).expect("valid");
    fit.save(&file.0).expect("can be written");
    let mut again = EightSchools::new(&SCHOOLS).load(&file.0).expect("the same model and data");
    assert!(again.to_string().contains("absorbed since: 1 task"), "{again}");
    for fit in [&mut fit, &mut again] {
        fit.absorb(&school(-3.0, 9.0)).expect("valid");
    }
    assert_eq!(again.to_string(), fit.to_string());
}

fn reason<M: Fittable>(model: M, path: &Path) -> FileError {
    match model.load(path).err().expect("no fit of this model") {
        Error::File { path: named, reason } => {
            assert_eq!(named, path);
            reason
        }
        other => panic!("{other}"),
    }
}

/// A file that is cut anywhere, or has any bit turned over, is refused, and never read as something else.
#[test]
fn damaged_files_are_refused() {
    let file = File::new("damaged");
    let options = Options { correction: Correction::MeanField, posterior_draws: 1, ..Options::default() };
    EightSchools::new(&SCHOOLS).fit_with(&options).expect("valid").save(&file.0).expect("can be written");
    let whole = fs::read(&file.0).expect("it was written");
    assert!(!file.0.with_extension("fit.part").exists(), "nothing stays beside it");
    let found = |bytes: &[u8]| {
        fs::write(&file.0, bytes).expect("can be written");
        reason(EightSchools::new(&SCHOOLS), &file.0)
    };
    for len in (0..20).chain((20..whole.len()).step_by(97)) {
        let expected = if len < 8 { FileError::NotAFit } else { FileError::Damaged };
        assert_eq!(found(&whole[..len]), expected, "cut after {len} bytes");
    }
    for at in (0..24).chain((24..whole.len()).step_by(89)) {
        let mut turned = whole.clone();
        turned[at] ^= 1 << (at % 8);
        let is_expected = match found(&turned) {
            FileError::NotAFit => at < 8,
            FileError::Format { .. } => (8..12).contains(&at),
            FileError::Damaged => at >= 12,
            _ => false,
        };
        assert!(is_expected, "byte {at}");
    }
    let longer = [&whole[..], &[0]].concat();
    assert_eq!(found(&longer), FileError::Damaged);
    assert!(matches!(reason(EightSchools::new(&SCHOOLS), Path::new("/no/such/file")), FileError::Io(_)));
}

model! {
    /// Of other latents than eight schools.
    Pooled(schools: &[crate::models::School]) {
        mu ~ Normal(0.0, 5.0);
        for school in schools {
            school.effect ~ Normal(mu, school.std_error);
        }
    }
}

#[test]
fn files_of_other_models_and_data_are_refused() {
    let file = File::new("other");
    EightSchools::new(&SCHOOLS).fit().expect("valid").save(&file.0).expect("can be written");
    let changed = |change: &dyn Fn(&mut Vec<crate::models::School>)| {
        let mut schools: Vec<_> = SCHOOLS.iter().map(|s| school(s.effect, s.std_error)).collect();
        change(&mut schools);
        let reason = reason(EightSchools::new(&schools), &file.0);
        (reason.clone(), reason.to_string())
    };
    let (reason_of_data, text) = changed(&|schools| schools[3].effect += 1e-12);
    assert_eq!(reason_of_data, FileError::Data { part: "task 3".to_owned() });
    assert_eq!(
        text,
        "it is a fit to other data: the observations of task 3 were others; load it with the data of then, or fit anew"
    );
    // a covariate, which the observations do not show
    let (reason_of_density, text) = changed(&|schools| schools[5].std_error += 1e-3);
    assert!(matches!(&reason_of_density, FileError::Density { part, .. } if part == "task 5"), "{text}");
    let (reason_of_layout, text) = changed(&|schools| _ = schools.pop());
    assert!(matches!(reason_of_layout, FileError::Layout { .. }), "{text}");
    assert!(text.contains("8 tasks") && text.contains("7 tasks"), "{text}");
    let of_model = reason(Pooled::new(&SCHOOLS), &file.0);
    let expected = "it is a fit of another model: of mu, tau; theta; school.effect, not of mu; ; school.effect; \
                    load it as what was saved, or fit anew";
    assert_eq!(of_model.to_string(), expected);
    // what is wrong with the data themselves is said first
    let hopeless = [school(f64::NAN, 1.0)];
    assert!(matches!(EightSchools::new(&hopeless).load(&file.0), Err(Error::Observation { .. })));
}

model! {
    /// Groups of a long table.
    Labelled(prior: f64, subjects: &Groups<String, (String, f64)>) {
        mean ~ Normal(0.0, prior);
        for subject in subjects {
            level ~ Normal(mean, 1.0);
            for (_, y) in subject {
                y ~ Normal(level, 1.0);
            }
        }
    }
}

#[test]
fn constants_and_labels_count() {
    let file = File::new("labels");
    let groups = |names: [&str; 2]| grouped(names.map(|name| (name.to_owned(), 1.0)), |row| row.0.clone());
    let groups_before = groups(["308", "ann"]);
    let fit = Labelled::new(10.0, &groups_before).fit().expect("valid");
    fit.save(&file.0).expect("can be written");
    let again = Labelled::new(10.0, &groups_before).load(&file.0).expect("the same");
    assert_eq!(again.local_of("ann"), fit.local_of("ann"));
    let of_constant = reason(Labelled::new(11.0, &groups_before), &file.0);
    assert!(of_constant.to_string().contains("that of what is outside the plate was"), "{of_constant}");
    let of_label = reason(Labelled::new(10.0, &groups(["308", "bob"])), &file.0);
    assert!(of_label.to_string().contains("\"ann\"") && of_label.to_string().contains("\"bob\""), "{of_label}");
}

fn through_json<T: Serialize + for<'de> Deserialize<'de>>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).expect("plain data")).expect("its own words")
}

model! {
    /// Names of all kinds, and a vector.
    Spelled(ys: &[f64]) {
        größe ~ HalfNormal(1.0);
        r#type[_ in 0..2] ~ Normal(0.0, 1.0);
        for &y in ys {
            niveau ~ Normal(r#type[0], größe);
            y ~ Normal(niveau + r#type[1], 1.0);
        }
    }
}

#[test]
fn structs_of_latents_go_through_serde() {
    let fit = Spelled::new(&[0.3, -0.4]).fit().expect("valid");
    let global = fit.global();
    assert_eq!(through_json(&global), global);
    let value = serde_json::to_value(&global).expect("plain data");
    assert_eq!(value["größe"]["mean"], global.größe.mean);
    assert_eq!(value["type"][1]["sd"], global.r#type[1].sd);
    let draw = fit.draws(1, &mut ChaCha8Rng::seed_from_u64(1)).pop().expect("one");
    let again: Draw<Spelled<'_>> = through_json(&draw);
    assert_eq!((again.global, again.local), (draw.global, draw.local));
    // of a format without names
    let bytes = postcard::to_stdvec(&global).expect("plain data");
    assert_eq!(postcard::from_bytes::<SpelledGlobal<Summary>>(&bytes), Ok(global));
    assert!(postcard::from_bytes::<SpelledGlobal<Summary>>(&bytes[..40]).is_err());
    let read = |text: &str| serde_json::from_str::<SpelledGlobal<f64>>(text).map_err(|error| error.to_string());
    assert_eq!(
        read(r#"{"type": [1, 2], "more": {"a": 1}, "größe": 3}"#),
        Ok(SpelledGlobal { größe: 3.0, r#type: vec![1.0, 2.0] })
    );
    assert!(read(r#"{"type": [1, 2]}"#).expect_err("one is missing").starts_with("missing field `größe`"));
    assert!(
        read(r#"{"größe": 1, "größe": 1, "type": []}"#)
            .expect_err("one too many")
            .starts_with("duplicate field `größe`")
    );
    assert!(read("3").expect_err("no struct").contains("expected struct SpelledGlobal"));
}

#[test]
fn options_and_reports_go_through_serde() {
    let options: Options = serde_json::from_str(r#"{"seed": 7, "optimiser": {"Adam": {"step": 0.1}}}"#).expect("valid");
    assert_eq!((options.seed, options.draws), (7, Options::default().draws));
    assert_eq!(through_json(&options), options);
    assert!(serde_json::from_str::<Options>(r#"{"sed": 7}"#).expect_err("a slip").to_string().contains("`sed`"));
    let fit = EightSchools::new(&SCHOOLS).fit().expect("valid");
    let trust: Trust = through_json(fit.trust());
    assert_eq!(&trust, fit.trust());
    assert_eq!(&through_json(fit.verdict()), fit.verdict());
    assert_eq!(through_json(fit.evidence().expect("weights")), *fit.evidence().expect("weights"));
    let row = serde_json::to_value(&fit.rows()[2]).expect("plain data");
    assert_eq!((&row["name"]["site"], &row["name"]["task"]["number"]), (&"theta".into(), &0.into()));
}

pub(crate) struct Area {
    schools: Vec<Vec<f64>>,
}

model! {
    /// Schools within areas.
    pub(crate) Schools(areas: &[Area]) {
        mean ~ Normal(0.0, 2.0);
        for area in areas {
            level ~ Normal(mean, 1.0);
            for school in &area.schools {
                own ~ Normal(level, 1.0);
                for score in school {
                    score ~ Normal(own, 0.5);
                }
            }
        }
    }
}

pub(crate) fn areas() -> [Area; 2] {
    let area = |schools: [f64; 2]| Area { schools: schools.map(|score| vec![score, score + 0.2]).to_vec() };
    [area([0.3, 1.2]), area([-0.5, 0.1])]
}

#[test]
fn nested_plates_are_saved_and_go_through_serde() {
    let (file, areas) = (File::new("nested"), areas());
    let fit = Schools::new(&areas).fit().expect("valid");
    fit.save(&file.0).expect("can be written");
    let again = Schools::new(&areas).load(&file.0).expect("the same model and data");
    assert_eq!(again.rows(), fit.rows());
    let local = fit.local(1);
    assert_eq!(through_json(&local), local);
    let value = serde_json::to_value(&local).expect("plain data");
    assert_eq!(value["schools"][1]["own"]["mean"], local.schools[1].own.mean);
}

/// A school, a class in it, and a score.
type Row = (&'static str, &'static str, f64);

model! {
    /// Classes within schools, both with labels.
    Classes(schools: &Groups<&'static str, Row>) {
        mean ~ Normal(0.0, 2.0);
        for school in schools {
            level ~ Normal(mean, 1.0);
            for class in &grouped(school, |row| row.1) {
                own ~ Normal(level, 1.0);
                for (_, _, score) in class {
                    score ~ Normal(own, 0.5);
                }
            }
        }
    }
}

#[test]
fn labels_of_nested_plates_count() {
    let file = File::new("nested-labels");
    let schools = |last: &'static str| {
        let rows: [Row; 4] = [("Hill", "a", 0.3), ("Hill", "b", 1.2), ("Dale", "a", -0.5), ("Dale", last, 0.1)];
        grouped(rows, |row| row.0)
    };
    let before = schools("b");
    Classes::new(&before).fit().expect("valid").save(&file.0).expect("can be written");
    assert!(Classes::new(&before).load(&file.0).is_ok());
    let of_label = reason(Classes::new(&schools("c")), &file.0);
    let expected = "it is a fit of the model with `class[b]` in task 1 (Dale), not with `class[c]` in task 1 (Dale); \
                    load it with the data of then, or fit anew";
    assert_eq!(of_label.to_string(), expected);
}
