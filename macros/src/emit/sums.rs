//! Statements under a sum: over the values of a discrete latent, and over the paths of a chain of them.

use super::Emit;
use super::places::{latent_table, length, located_at, site_path};
use crate::ast::Brackets;
use crate::facts::Tier;
use crate::lower::{EntryStep, SumStep};
use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::spanned::Spanned;

impl Emit<'_> {
    /// Evaluates statements for each value of a discrete latent.
    pub(super) fn sum(&self, step: &SumStep<'_>) -> TokenStream {
        let SumStep { id, sum, latent, site, body } = step;
        let (krate, name, right, body) = (&self.krate, &latent.name, &site.right, self.steps(body));
        let at = located_at(right.span());
        let (latent, sum) = (site_path(at, latent_table(Tier::Local), *id), site_path(at, "OBSERVED_SITES", *sum));
        quote_spanned! {at=>
            <__I as #krate::model::Interpreter>::sum_out(
                __interpreter,
                #latent,
                #sum,
                #right,
                |#[allow(unused_variables)] __interpreter: &mut __I, #[allow(unused_variables)] #name: usize| { #body },
            );
        }
    }

    /// Sums over the paths of a chain.
    pub(super) fn chain(&self, step: &SumStep<'_>) -> TokenStream {
        let SumStep { id, sum, latent: _, site, body } = step;
        let (krate, right, body) = (&self.krate, &site.right, self.steps(body));
        let at = located_at(right.span());
        let (latent, sum) = (site_path(at, latent_table(Tier::Local), *id), site_path(at, "OBSERVED_SITES", *sum));
        let Brackets::Each { range, .. } = &site.left.brackets else { return TokenStream::new() };
        let len = length(range);
        quote_spanned! {at=>
            <__I as #krate::model::Interpreter>::sum_chain(
                __interpreter,
                #latent,
                #sum,
                #krate::__private::Chain { len: #len, dist: #right },
                |#[allow(unused_variables)] __interpreter: &mut __I| { #body },
            );
        }
    }

    /// Evaluates statements for the values of an entry of a chain, whose name stands for a vector of that value everywhere.
    pub(super) fn entry(&self, step: &EntryStep<'_>) -> TokenStream {
        let EntryStep { chain, index, body } = step;
        let (krate, body) = (&self.krate, self.steps(body));
        let at = located_at(index.span());
        quote_spanned! {at=>
            <__I as #krate::model::Interpreter>::given_entry(__interpreter, #index, |__interpreter: &mut __I, __value: usize| {
                #[allow(unused_variables)]
                let #chain = #krate::__private::Everywhere(__value);
                #body
            });
        }
    }
}
