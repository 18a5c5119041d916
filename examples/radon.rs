#![allow(missing_docs, reason = "fields are called what they are")]
//! Radon in 919 houses of 85 Minnesota counties (Gelman & Hill 2007): a mean a county, partially pooled.
//!
//! cargo run --release --example radon

use hierarch::prelude::*;
use serde::Deserialize;

/// A county: the logarithm of the uranium in its soil, and its houses.
#[derive(Clone)]
pub struct County {
    pub log_uranium: f64,
    pub houses: Vec<House>,
}

/// A house: 0 if measured in the basement, 1 on the first floor; and ln(pCi / L) of radon there.
#[derive(Clone, Copy)]
pub struct House {
    pub floor: f64,
    pub log_radon: f64,
}

model! {
    /// Counties differ; uranium and the floor explain a part.
    pub Radon(counties: &[County]) {
        mu_alpha ~ Normal(0.0, 10.0);
        sigma_alpha ~ HalfNormal(1.0);
        beta_uranium ~ Normal(0.0, 10.0);
        beta_floor ~ Normal(0.0, 10.0);
        sigma_y ~ HalfNormal(1.0);
        for county in counties {
            alpha ~ Normal(mu_alpha, sigma_alpha);
            let base = alpha + beta_uranium * county.log_uranium;
            for house in &county.houses {
                house.log_radon ~ Normal(base + beta_floor * house.floor, sigma_y);
            }
        }
    }
}

/// The counties, from the columns of the file.
pub fn counties() -> Result<Vec<County>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Columns {
        county_idx: Vec<usize>,
        floor: Vec<f64>,
        log_radon: Vec<f64>,
        log_uranium: Vec<f64>,
    }
    let data: Columns = serde_json::from_str(include_str!("data/radon_mn.json"))?;
    let mut counties: Vec<County> = Vec::new();
    for (i, &county) in data.county_idx.iter().enumerate() {
        counties.resize_with(counties.len().max(county), || County { log_uranium: 0.0, houses: Vec::new() });
        let place = &mut counties[county - 1];
        place.log_uranium = data.log_uranium[i];
        place.houses.push(House { floor: data.floor[i], log_radon: data.log_radon[i] });
    }
    Ok(counties)
}

/// Means and standard deviations of the posterior by a long NUTS run of the same model.
#[derive(Deserialize)]
pub struct Reference {
    pub mean: Values,
    pub sd: Values,
}

/// A value a latent; `alpha` has one a county.
#[derive(Deserialize)]
pub struct Values {
    pub mu_alpha: f64,
    pub sigma_alpha: f64,
    pub beta_uranium: f64,
    pub beta_floor: f64,
    pub sigma_y: f64,
    pub alpha: Vec<f64>,
}

/// What the posterior should be.
pub fn reference() -> Result<Reference, serde_json::Error> {
    serde_json::from_str(include_str!("data/radon_mn_reference.json"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counties = counties()?;
    let fit = Radon::new(&counties).fit()?;
    print!("{fit}");

    let Reference { mean, sd } = reference()?;
    let global = fit.global();
    let mut compared = vec![
        (global.mu_alpha, mean.mu_alpha, sd.mu_alpha),
        (global.sigma_alpha, mean.sigma_alpha, sd.sigma_alpha),
        (global.beta_uranium, mean.beta_uranium, sd.beta_uranium),
        (global.beta_floor, mean.beta_floor, sd.beta_floor),
        (global.sigma_y, mean.sigma_y, sd.sigma_y),
    ];
    compared.extend((0..counties.len()).map(|i| (fit.local(i).alpha, mean.alpha[i], sd.alpha[i])));
    reference::assert_near("NUTS", &compared);
    Ok(())
}

#[path = "shared/reference.rs"]
mod reference;
