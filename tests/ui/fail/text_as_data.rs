use hierarch::prelude::*;

pub struct Row {
    pub subject: String,
    pub dose: Option<f64>,
    pub smoker: bool,
    pub points: Vec<f64>,
}

model! {
    Mistaken(rows: &[Row]) {
        mu ~ Normal(0.0, 1.0);
        for row in rows {
            row.subject ~ Normal(mu, 1.0);
            row.dose ~ Normal(mu * row.dose, 1.0);
            row.dose ~ Normal(mu + row.smoker, &row.subject);
            row.points ~ Normal(mu, 1.0);
            row.dose[..] ~ MultivariateNormal([mu, mu], Diagonal([1.0, 1.0]));
        }
    }
}

fn main() {}
