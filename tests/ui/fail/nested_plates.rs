use hierarch::prelude::*;

pub struct School {
    pub scores: Vec<f64>,
}

pub struct Area {
    pub schools: Vec<School>,
}

model! {
    UsedOutside(areas: &[Area]) {
        for area in areas {
            mu ~ Normal(0.0, 1.0);
            for school in &area.schools {
                theta ~ Normal(mu, 1.0);
                for score in &school.scores {
                    score ~ Normal(theta, 1.0);
                }
            }
            factor(theta);
        }
    }
}

model! {
    UsedBefore(areas: &[Area]) {
        for area in areas {
            mu ~ Normal(0.0, 1.0);
            for school in &area.schools {
                let near = theta + mu;
                theta ~ Normal(near, 1.0);
            }
        }
    }
}

model! {
    Twice(areas: &[Area]) {
        for area in areas {
            for school in &area.schools {
                mu ~ Normal(0.0, 1.0);
                school.scores[0] ~ Normal(mu, 1.0);
            }
            for school in &area.schools {
                nu ~ Normal(0.0, 1.0);
                school.scores[1] ~ Normal(nu, 1.0);
            }
        }
    }
}

model! {
    NameTaken(areas: &[Area]) {
        for area in areas {
            schools ~ Normal(0.0, 1.0);
            for school in &area.schools {
                mu ~ Normal(schools, 1.0);
                school.scores[0] ~ Normal(mu, 1.0);
            }
        }
    }
}

model! {
    HowMany(areas: &[Area]) {
        for area in areas {
            mu ~ Normal(0.0, 1.0);
            for k in 0..count(mu) {
                nu ~ Normal(mu, 1.0);
                area.schools[k].scores[0] ~ Normal(nu, 1.0);
            }
        }
    }
}

model! {
    InIf(areas: &[Area]) {
        for area in areas {
            mu ~ Normal(0.0, 1.0);
            for school in &area.schools {
                if school.scores.len() > 1 {
                    nu ~ Normal(mu, 1.0);
                    school.scores[0] ~ Normal(nu, 1.0);
                }
            }
        }
    }
}

fn main() {}
