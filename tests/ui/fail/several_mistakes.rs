use hierarch::prelude::*;

pub struct School {
    pub effect: f64,
    pub std_error: f64,
}

model! {
    /// Four mistakes, four errors; and the public items are still there.
    pub EightSchools(schools: &[School]) {
        mu = Normal(0.0, 5.0);
        tau ~ HalfCauchy(5.0 2.0);
        for school in schools {
            if school.std_error > 0.0 {
                theta ~ Normal(mu, tau);
            }
            school.effect ~ Normal(eta, school.std_error);
            eta ~ Normal(theta, 1.0)
        }
    }
}

fn main() {
    let schools = [School { effect: 1.0, std_error: 2.0 }];
    let _ = EightSchools::new(&schools).fit();
    let _ = EightSchoolsGlobal { mu: 1.0, tau: 2.0 };
    let _ = EightSchoolsLocal { theta: 1.0, eta: 2.0 };
}
