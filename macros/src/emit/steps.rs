//! The statements of the model's functions.

use super::Emit;
use super::places::{borrowed, latent_table, length, located_at, site_path, structure};
use crate::ast::{Brackets, Flow, FlowKind, Site};
use crate::facts::{Dimension, Latent, Observation, Tier};
use crate::lints;
use crate::lower::{Access, NestStep, SampleStep, Step, Turns, Unused};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

impl Emit<'_> {
    pub(super) fn steps(&self, steps: &[Step<'_>]) -> TokenStream {
        steps.iter().map(|step| self.step(step)).collect()
    }

    /// The statements of `new`, where arguments are variables already.
    pub(super) fn counting(&self, steps: &[Step<'_>]) -> TokenStream {
        let step = |step: &Step<'_>| match step {
            Step::Argument { access: Access::Value, .. } => TokenStream::new(),
            Step::Argument { access: Access::Reference, arg } => {
                let name = &arg.name;
                quote_spanned!(Span::mixed_site()=> let #name = &#name;)
            }
            step => self.step(step),
        };
        steps.iter().map(step).collect()
    }

    fn step(&self, step: &Step<'_>) -> TokenStream {
        match step {
            Step::Argument { arg, access } => {
                let (name, by_reference) = (&arg.name, (*access == Access::Reference).then(|| quote!(&)));
                quote_spanned!(Span::mixed_site()=> let #name = #by_reference self.#name;)
            }
            Step::Task { pat, access, unused } => {
                let (allow, by_value) = (allow(*unused), (*access == Access::Value).then(|| quote!(*)));
                quote_spanned!(Span::mixed_site()=> #allow let #pat = #by_value __task;)
            }
            Step::Latent { tier, latent } => bind(*tier, latent),
            Step::Sample(sample) => {
                let bind = sample.read.then(|| bind(sample.tier, sample.latent));
                let sample = under_lints(sample.site, self.sample(sample));
                quote!(#sample #bind)
            }
            Step::Declare { id } => {
                let (krate, at) = (&self.krate, Span::mixed_site());
                let site = site_path(at, latent_table(Tier::Local), *id);
                quote_spanned!(at=> <__I as #krate::model::Interpreter>::declare(__interpreter, #site);)
            }
            Step::Sum(sum) if sum.latent.dimension == Dimension::Chain => under_lints(sum.site, self.chain(sum)),
            Step::Sum(sum) => under_lints(sum.site, self.sum(sum)),
            Step::Entry(entry) => self.entry(entry),
            Step::Observe { id, observation, site } => under_lints(site, self.observe(*id, observation, site)),
            Step::Factor { id, factor } => {
                let at = located_at(factor.term.span());
                let (krate, term) = (&self.krate, &factor.term);
                let site = site_path(at, "OBSERVED_SITES", *id);
                quote_spanned!(at=> <__I as #krate::model::Interpreter>::factor(__interpreter, #site, #term);)
            }
            Step::Let { local, unused } => {
                let allow = allow(*unused);
                quote!(#allow #local)
            }
            Step::Plain(expr) => quote!(#expr;),
            Step::Flow { flow, bodies, unused } => self.flow(flow, bodies, *unused),
            Step::Nest(nest) => self.nest(nest),
        }
    }

    fn sample(&self, sample: &SampleStep<'_>) -> TokenStream {
        let SampleStep { tier, id, latent, site, .. } = *sample;
        let (krate, name, right) = (&self.krate, &latent.name, &site.right);
        let at = located_at(right.span());
        let to = structure(tier);
        let path = site_path(at, latent_table(tier), id);
        match &site.left.brackets {
            Brackets::Each { index, range } => {
                let len = length(range);
                quote_spanned! {at=>
                    <__I as #krate::model::Interpreter>::sample_each(
                        __interpreter,
                        #path,
                        #len,
                        |#[allow(unused_variables)] #index, #[allow(unused_variables)] #name| #right,
                        &mut #to.#name,
                    );
                }
            }
            _ if latent.dimension.is_vector() => quote_spanned! {at=>
                <__I as #krate::model::Interpreter>::sample_vector(__interpreter, #path, #right, &mut #to.#name);
            },
            _ => quote_spanned! {at=>
                #to.#name = <__I as #krate::model::Interpreter>::sample(__interpreter, #path, #right);
            },
        }
    }

    /// Runs through the turns of a nested plate, whose structs of latents take the place of the task's in there.
    fn nest(&self, step: &NestStep<'_>) -> TokenStream {
        let NestStep { nest, branch, turns, body, unused } = step;
        let (krate, list, pat, allow) = (&self.krate, &branch.source, &branch.pat, allow(*unused));
        let (field, body) = (&nest.name, self.steps(body));
        let name = field.to_string();
        let name = name.trim_start_matches("r#");
        let local = structure(Tier::Local);
        let at = Span::mixed_site();
        let (node, end) = match turns {
            Turns::Draw => (
                quote_spanned!(at=> #krate::__private::node(&mut #local.#field, __turn)),
                quote_spanned!(at=> #local.#field.truncate(__turns);),
            ),
            Turns::Read => (quote_spanned!(at=> &#local.#field[__turn]), TokenStream::new()),
        };
        quote_spanned! {at=>
            let mut __turns = 0_usize;
            for __item in #list {
                let __turn = __turns;
                __turns += 1;
                <__I as #krate::model::Interpreter>::enter(
                    __interpreter,
                    &#krate::model::Nest { name: #name },
                    __turn,
                    || {
                        use #krate::__private::{Labelled as _, Unlabelled as _};
                        (&#krate::__private::Item(&__item)).label()
                    },
                );
                #[allow(unused_variables)]
                let #local = #node;
                #allow
                let #pat = __item;
                #body
                <__I as #krate::model::Interpreter>::leave(__interpreter);
            }
            #end
        }
    }

    fn observe(&self, id: usize, observation: &Observation, site: &Site) -> TokenStream {
        let (krate, right) = (&self.krate, &site.right);
        let at = located_at(right.span());
        let path = site_path(at, "OBSERVED_SITES", id);
        let place = borrowed(&site.left.place);
        let verb = if observation.dimension.is_vector() { "observe_vector" } else { "observe" };
        let verb = Ident::new(verb, at);
        quote_spanned!(at=> <__I as #krate::model::Interpreter>::#verb(__interpreter, #path, #place, #right);)
    }

    fn flow(&self, flow: &Flow, bodies: &[Vec<Step<'_>>], unused: Unused) -> TokenStream {
        let (attrs, label, allow) = (&flow.attrs, &flow.label, allow(unused));
        let heads = flow.branches.iter().map(|branch| &branch.head);
        let bodies = bodies.iter().map(|body| self.steps(body));
        if let FlowKind::Match(on) = &flow.kind {
            return quote!(#(#attrs)* #allow match #on { #(#heads => { #bodies })* });
        }
        quote!(#(#attrs)* #allow #label #(#heads { #bodies })*)
    }
}

/// Binds a latent to a variable of its name.
fn bind(tier: Tier, latent: &Latent) -> TokenStream {
    let (name, from) = (&latent.name, structure(tier));
    let value = if latent.dimension.is_vector() { quote!(#from.#name.as_slice()) } else { quote!(#from.#name) };
    quote_spanned!(Span::mixed_site()=> let #name = #value;)
}

/// The statement that a site becomes, under the site's lint attributes.
fn under_lints(site: &Site, statement: TokenStream) -> TokenStream {
    let mut lints = site.attrs.iter().filter(|attr| lints::is_lint(attr)).map(lints::emitted).peekable();
    if lints.peek().is_none() { statement } else { quote!(#(#lints)* { #statement }) }
}

/// The attribute that keeps the compiler from warning.
fn allow(unused: Unused) -> Option<TokenStream> {
    (unused == Unused::Allow).then(|| quote_spanned!(Span::mixed_site()=> #[allow(unused)]))
}
