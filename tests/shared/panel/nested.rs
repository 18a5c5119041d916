//! Rows of plates within plates.

use super::answer::{Compared, Job, Named, job, kept};
use super::trials::{groups, table};
use hierarch::Fit;
use hierarch::prelude::*;

/// Whether a pupil passed, and a covariate.
pub struct Pupil {
    pub passed: f64,
    pub covariate: f64,
}

/// Pupils of a school.
pub type School = Vec<Pupil>;

model! {
    /// Pupils in schools in areas.
    pub Pupils(areas: &[Vec<School>]) {
        mean ~ Normal(0.0, 2.0);
        slope ~ Normal(0.0, 2.0);
        sd_area ~ HalfNormal(1.0);
        sd_school ~ HalfNormal(1.0);
        for schools in areas {
            a ~ Normal(mean, sd_area);
            for pupils in schools {
                s ~ Normal(a, sd_school);
                for pupil in pupils {
                    pupil.passed ~ BernoulliLogit(s + slope * pupil.covariate);
                }
            }
        }
    }
}

/// `mean`; `a.3` of area 3, `pupils[1].s.3` of a school of it.
impl Compared for Pupils<'_> {
    fn latents(fit: &Fit<Self>) -> Vec<Named> {
        let named = |row: hierarch::NamedSummary| Named {
            name: row.name.to_string().replace(" task ", "."),
            summary: row.summary,
        };
        fit.rows().into_iter().map(named).collect()
    }
}

/// 30 areas of one to five schools of two to ten pupils.
pub fn pupils() -> Job {
    let area = |rows: Vec<[f64; 4]>| -> Vec<School> {
        let pupil = |&[_, _, passed, covariate]: &[f64; 4]| Pupil { passed, covariate };
        rows.chunk_by(|one, next| one[1].total_cmp(&next[1]).is_eq())
            .map(|rows| rows.iter().map(pupil).collect())
            .collect()
    };
    let areas = groups(&table(include_str!("../../data/pupils.csv"))).into_iter().map(area).collect();
    let areas: &[Vec<School>] = kept(areas);
    job(|| Pupils::new(areas))
}
