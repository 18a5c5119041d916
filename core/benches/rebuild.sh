#!/usr/bin/env bash
# Processor seconds (user + system) that cargo takes to rebuild a program of a user, in release, after a change to its
# main.rs: of one small model that is fitted, and of five models that are fitted, adapted and predicted from.
# Needs nothing but cargo, and the dependencies that building this checkout has fetched.
#
#     core/benches/rebuild.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CARGO_TARGET_DIR="$folder/target"

# A crate NAME whose main.rs is read from the standard input.
crate() {
    mkdir -p "$folder/$1/src"
    cat > "$folder/$1/src/main.rs"
    cat > "$folder/$1/Cargo.toml" <<TOML
[package]
name = "$1"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
hierarch = { path = "$here/core" }
TOML
    # the same versions of all dependencies
    cp "$here/Cargo.lock" "$folder/$1/Cargo.lock"
}

build() {
    cargo build --quiet --release --manifest-path "$folder/$1/Cargo.toml"
}

# Builds a crate with its dependencies, touches its main.rs, and prints what building it again takes.
measure() {
    build "$1"
    "$CARGO_TARGET_DIR/release/$1" > "$folder/output" || { cat "$folder/output"; return 1; }
    touch "$folder/$1/src/main.rs"
    local times
    times=$( { TIMEFORMAT='%U %S'; time build "$1" 2> "$folder/errors"; } 2>&1 ) || { cat "$folder/errors"; return 1; }
    read -r user system <<< "$times"
    # in thousandths: the shell has whole numbers only
    local thousandths=$(( 10#${user/./} + 10#${system/./} ))
    printf '%s: %d.%03d processor seconds to rebuild\n' "$2" $(( thousandths / 1000 )) $(( thousandths % 1000 ))
}

crate one_model <<'RUST'
use hierarch::prelude::*;

struct Study {
    effect: f64,
    std_error: f64,
    moderator: f64,
}

model! {
    MetaAnalysis(studies: &[Study]) {
        mu ~ Normal(0.0, 5.0);
        slope ~ Normal(0.0, 5.0);
        tau ~ HalfNormal(2.0);
        for study in studies {
            effect ~ Normal(mu + slope * study.moderator, tau);
            study.effect ~ Normal(effect, study.std_error);
        }
    }
}

/// Vaccination against tuberculosis: log relative risks by latitude (Colditz et al. 1994).
const STUDIES: [(f64, f64, f64); 13] = [
    (-0.889, 0.571, 44.0),
    (-1.585, 0.441, 55.0),
    (-1.348, 0.645, 42.0),
    (-1.442, 0.141, 52.0),
    (-0.218, 0.226, 13.0),
    (-0.786, 0.083, 44.0),
    (-1.621, 0.472, 19.0),
    (0.012, 0.063, 13.0),
    (-0.469, 0.238, 27.0),
    (-1.371, 0.270, 42.0),
    (-0.339, 0.111, 18.0),
    (0.446, 0.730, 33.0),
    (-0.017, 0.267, 33.0),
];

fn main() -> Result<(), hierarch::Error> {
    let studies =
        STUDIES.map(|(effect, std_error, latitude)| Study { effect, std_error, moderator: (latitude - 33.5) / 10.0 });
    let fit = MetaAnalysis::new(&studies).fit()?;
    println!("{fit}");
    Ok(())
}
RUST

crate five_models <<'RUST'
use hierarch::prelude::*;
use hierarch::{Error, Fittable};

struct Study {
    effect: Option<f64>,
    std_error: f64,
    moderator: f64,
}

model! {
    MetaAnalysis(studies: &[Study]) {
        mu ~ Normal(0.0, 5.0);
        slope ~ Normal(0.0, 5.0);
        tau ~ HalfNormal(2.0);
        for study in studies {
            effect ~ Normal(mu + slope * study.moderator, tau);
            study.effect ~ Normal(effect, study.std_error);
        }
    }
}

struct Site {
    counts: Vec<Option<u32>>,
    exposure: f64,
}

model! {
    Counts(sites: &[Site]) {
        mean ~ Normal(0.0, 2.0);
        spread ~ HalfNormal(1.0);
        for site in sites {
            ln_rate ~ Normal(mean, spread);
            for count in &site.counts {
                count ~ PoissonLog(ln_rate + site.exposure.ln());
            }
        }
    }
}

struct Hospital {
    operations: u32,
    deaths: Option<u32>,
}

model! {
    Surgery(hospitals: &[Hospital]) {
        mu ~ Normal(0.0, 1.5);
        tau ~ HalfNormal(1.0);
        for hospital in hospitals {
            theta ~ Normal(mu, tau);
            hospital.deaths ~ BinomialLogit(hospital.operations, theta);
        }
    }
}

model! {
    Slopes(groups: &[Vec<(f64, Option<f64>)>]) {
        mean[_ in 0..2] ~ Normal(0.0, 5.0);
        scales[_ in 0..2] ~ HalfNormal(2.0);
        corr ~ LkjCholesky(2, 2.0);
        sigma ~ HalfNormal(1.0);
        for points in groups {
            w ~ MultivariateNormal(&mean, diag_pre_multiply(&scales, &corr));
            for &(x, y) in points {
                y ~ Normal(w[0] + w[1] * x, sigma);
            }
        }
    }
}

model! {
    Lifetimes(makers: &[Vec<Option<f64>>]) {
        shape ~ LogNormal(0.0, 0.5);
        typical ~ Normal(0.0, 1.0);
        spread ~ HalfNormal(1.0);
        for lifetimes in makers {
            ln_scale ~ Normal(typical, spread);
            for lifetime in lifetimes {
                lifetime ~ Weibull(shape, ln_scale.exp());
            }
        }
    }
}

/// Fits, adapts to a task, and predicts what is missing in it.
fn use_all<M: Fittable>(model: M, task: &M::Task) -> Result<(), Error> {
    let fit = model.fit()?;
    println!("{fit}");
    let adapted = fit.adapt(task)?;
    println!("{adapted}");
    for prediction in adapted.predict(task)? {
        println!("{}", prediction.summary);
    }
    Ok(())
}

fn wave(i: u32) -> f64 {
    (1.7 * f64::from(i * i + 1)).sin()
}

fn main() -> Result<(), Error> {
    let study = |i| Study { effect: Some(wave(i)), std_error: 0.3, moderator: wave(i + 50) };
    let studies: Vec<Study> = (0..13).map(study).collect();
    use_all(MetaAnalysis::new(&studies), &Study { effect: None, std_error: 0.3, moderator: 0.0 })?;

    let counts = |i: u32| [Some(2 + i % 3), Some(3 + i % 5), None].to_vec();
    let sites: Vec<Site> = (0..8).map(|i| Site { counts: counts(i), exposure: 1.0 + f64::from(i) }).collect();
    use_all(Counts::new(&sites), &Site { counts: counts(1), exposure: 2.0 })?;

    let hospitals: Vec<Hospital> = (0..12).map(|i| Hospital { operations: 100, deaths: Some(5 + i) }).collect();
    use_all(Surgery::new(&hospitals), &Hospital { operations: 50, deaths: None })?;

    let line = |i: u32| -> Vec<(f64, Option<f64>)> {
        let point = |j: u32| (f64::from(j) / 5.0 - 1.0, Some(wave(i) + wave(i + 20) * f64::from(j) / 5.0 + 0.2 * wave(i * j)));
        (0..10).map(point).chain([(2.0, None)]).collect()
    };
    let groups: Vec<Vec<(f64, Option<f64>)>> = (0..12).map(line).collect();
    use_all(Slopes::new(&groups), &line(30))?;

    let lives = |i: u32| (0..6).map(|j| Some((1.0 + wave(i + 7 * j).abs()) * f64::from(1 + i % 3))).chain([None]).collect();
    let makers: Vec<Vec<Option<f64>>> = (0..6).map(lives).collect();
    use_all(Lifetimes::new(&makers), &lives(9))?;
    Ok(())
}
RUST

measure one_model "one model, fitted"
measure five_models "five models, fitted, adapted and predicted from"
