//! Models that several test files fit, with their data: those of the examples, and more.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "what a program in `examples/` needs beside its model")]

#[path = "../../examples/baseball/batting.rs"]
pub mod baseball;
#[path = "../../examples/eight_schools.rs"]
pub mod eight_schools;
#[path = "../../examples/pastes/assays.rs"]
pub mod pastes;
#[path = "../../examples/radon.rs"]
pub mod radon;
#[path = "../../examples/rats.rs"]
pub mod rats;

pub use baseball::Batting;
pub use eight_schools::{EightSchools, SCHOOLS, School};
use hierarch::prelude::*;
pub use radon::{County, House, Radon};
pub use rats::{Rat, Rats};

/// The counties of [`Radon`].
pub fn counties() -> Vec<County> {
    radon::counties().expect("the file is valid")
}

/// The rats of [`Rats`].
pub fn rats() -> Vec<Rat> {
    rats::rats().expect("the file is valid")
}

model! {
    /// [`Rats`] with priors that can be drawn from.
    pub ProperRats(rats: &[Rat]) {
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
