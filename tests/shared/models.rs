//! Models that several test files fit, with their data.
#![allow(missing_docs, dead_code, unreachable_pub)]

use hierarch::prelude::*;
use serde::Deserialize;

/// The numbers of a JSON list in an example's file.
pub fn numbers(json: &serde_json::Value) -> Vec<f64> {
    json.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

#[derive(Clone, Copy, Debug)]
pub struct School {
    pub effect: f64,
    pub std_error: f64,
}

pub const SCHOOLS: [School; 8] = [
    School { effect: 28.0, std_error: 15.0 },
    School { effect: 8.0, std_error: 10.0 },
    School { effect: -3.0, std_error: 16.0 },
    School { effect: 7.0, std_error: 11.0 },
    School { effect: -1.0, std_error: 9.0 },
    School { effect: 1.0, std_error: 11.0 },
    School { effect: 18.0, std_error: 10.0 },
    School { effect: 12.0, std_error: 18.0 },
];

model! {
    pub EightSchools(schools: &[School]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfCauchy(5.0);
        for school in schools {
            theta ~ Normal(mu, tau);
            school.effect ~ Normal(theta, school.std_error);
        }
    }
}

#[derive(Clone, Debug)]
pub struct County {
    pub log_uranium: f64,
    /// Floor and log radon of each house.
    pub houses: Vec<(f64, f64)>,
}

model! {
    pub Radon(counties: &[County]) {
        mu_alpha ~ Normal(0.0, 10.0);
        sigma_alpha ~ HalfNormal(1.0);
        beta_uranium ~ Normal(0.0, 10.0);
        beta_floor ~ Normal(0.0, 10.0);
        sigma_y ~ HalfNormal(1.0);
        for county in counties {
            alpha ~ Normal(mu_alpha, sigma_alpha);
            let base = alpha + beta_uranium * county.log_uranium;
            for (floor, log_radon) in &county.houses {
                log_radon ~ Normal(base + beta_floor * floor, sigma_y);
            }
        }
    }
}

pub fn counties() -> Vec<County> {
    #[derive(Deserialize)]
    struct Columns {
        county_idx: Vec<usize>,
        floor: Vec<f64>,
        log_radon: Vec<f64>,
        log_uranium: Vec<f64>,
    }
    let data: Columns =
        serde_json::from_str(include_str!("../../examples/data/radon_mn.json")).expect("the file is valid");
    let mut counties = vec![County { log_uranium: 0.0, houses: Vec::new() }; 85];
    for (i, county) in data.county_idx.iter().enumerate() {
        counties[county - 1].log_uranium = data.log_uranium[i];
        counties[county - 1].houses.push((data.floor[i], data.log_radon[i]));
    }
    counties
}

/// Pairs of day and weight.
pub type Rat = Vec<(f64, f64)>;

model! {
    pub Rats(rats: &[Rat]) {
        mu_alpha ~ Normal(0.0, 100.0);
        mu_beta ~ Normal(0.0, 100.0);
        sigma_y ~ HalfNormal(1000.0);
        sigma_alpha ~ HalfNormal(1000.0);
        sigma_beta ~ HalfNormal(1000.0);
        for rat in rats {
            alpha ~ Normal(mu_alpha, sigma_alpha);
            beta ~ Normal(mu_beta, sigma_beta);
            for &(day, weight) in rat {
                weight ~ Normal(alpha + beta * day, sigma_y);
            }
        }
    }
}

pub fn rats() -> Vec<Rat> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../examples/data/rats.json")).expect("the file is valid");
    let days: Vec<f64> = numbers(&file["days"]).iter().map(|day| day - 22.0).collect();
    let weights = file["weight"].as_array().expect("a list").iter().map(numbers);
    weights.map(|w| days.iter().copied().zip(w).collect()).collect()
}

#[derive(Clone, Copy, Debug)]
pub struct Count {
    pub count: u32,
    pub exposure: f64,
}

/// Failures of ten pumps in so many thousand hours (Gaver & O'Muircheartaigh 1987).
pub const PUMPS: [Count; 10] = [
    Count { count: 5, exposure: 94.3 },
    Count { count: 1, exposure: 15.7 },
    Count { count: 5, exposure: 62.9 },
    Count { count: 14, exposure: 126.0 },
    Count { count: 3, exposure: 5.24 },
    Count { count: 19, exposure: 31.4 },
    Count { count: 1, exposure: 1.05 },
    Count { count: 1, exposure: 1.05 },
    Count { count: 4, exposure: 2.1 },
    Count { count: 22, exposure: 10.5 },
];

model! {
    /// Rates that differ by a gamma distribution.
    pub Pumps(pumps: &[Count]) {
        alpha ~ Exponential(1.0);
        beta ~ Gamma(0.1, 1.0);
        for pump in pumps {
            rate ~ Gamma(alpha, beta);
            pump.count ~ Poisson(rate * pump.exposure);
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Hospital {
    pub operations: u32,
    pub deaths: u32,
}

/// Deaths after heart surgery of babies in twelve hospitals (BUGS examples, volume 1, Surgical).
pub const HOSPITALS: [Hospital; 12] = [
    Hospital { operations: 47, deaths: 0 },
    Hospital { operations: 148, deaths: 18 },
    Hospital { operations: 119, deaths: 8 },
    Hospital { operations: 810, deaths: 46 },
    Hospital { operations: 211, deaths: 8 },
    Hospital { operations: 196, deaths: 13 },
    Hospital { operations: 148, deaths: 9 },
    Hospital { operations: 215, deaths: 31 },
    Hospital { operations: 207, deaths: 14 },
    Hospital { operations: 97, deaths: 8 },
    Hospital { operations: 256, deaths: 29 },
    Hospital { operations: 360, deaths: 24 },
];

model! {
    /// Log odds of death, heavy-tailed over hospitals.
    pub Surgical(hospitals: &[Hospital]) {
        mu ~ Normal(0.0, 1.5);
        tau ~ HalfNormal(1.0);
        for hospital in hospitals {
            theta ~ StudentT(4.0, mu, tau);
            hospital.deaths ~ BinomialLogit(hospital.operations, theta);
        }
    }
}

model! {
    /// Batting averages.
    pub Baseball(hits: &[u32], at_bats: u32) {
        phi ~ Uniform(0.0, 1.0);
        kappa ~ Pareto(1.0, 1.5);
        for hit in hits {
            theta ~ Beta(phi * kappa, (1.0 - phi) * kappa);
            hit ~ Binomial(at_bats, theta);
        }
    }
}

#[derive(Clone, Debug)]
pub struct Group {
    pub ys: Vec<Option<f64>>,
}

pub fn group(ys: &[f64]) -> Group {
    Group { ys: ys.iter().map(|&y| Some(y)).collect() }
}

model! {
    /// Normal means with known variances: everything is Gaussian.
    pub Conjugate(groups: &[Group], tau: f64, sigma: f64) {
        mu ~ Normal(1.0, 3.0);
        for group in groups {
            theta ~ Normal(mu, tau);
            for y in &group.ys {
                y ~ Normal(theta, sigma);
            }
        }
    }
}

pub fn groups() -> Vec<Group> {
    vec![group(&[1.2, 2.5, 0.4]), group(&[4.0]), group(&[-1.0, 0.3]), group(&[2.2, 2.9, 3.1, 1.7])]
}
