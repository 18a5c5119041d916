//! The statements of the model's functions.

use super::Emit;
use crate::ast::{Flow, FlowKind, Form, Latent, Site};
use crate::lower::{Level, Step};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, RangeLimits};

impl Emit<'_> {
    pub(super) fn steps(&self, steps: &[Step<'_>]) -> TokenStream {
        steps.iter().map(|step| self.step(step)).collect()
    }

    /// The statements of `new`, where arguments are variables already.
    pub(super) fn counting(&self, steps: &[Step<'_>]) -> TokenStream {
        let step = |step: &Step<'_>| match step {
            Step::Argument { by_value: true, .. } => TokenStream::new(),
            Step::Argument { arg, .. } => {
                let name = &arg.name;
                quote_spanned!(Span::mixed_site()=> let #name = &#name;)
            }
            step => self.step(step),
        };
        steps.iter().map(step).collect()
    }

    fn step(&self, step: &Step<'_>) -> TokenStream {
        match step {
            Step::Argument { arg, by_value } => {
                let (name, by_reference) = (&arg.name, (!by_value).then(|| quote!(&)));
                quote_spanned!(Span::mixed_site()=> let #name = #by_reference self.#name;)
            }
            Step::Task { pat, by_value, shared } => {
                let (allow, by_value) = (allow_unused(*shared), by_value.then(|| quote!(*)));
                quote_spanned!(Span::mixed_site()=> #allow let #pat = #by_value __task;)
            }
            Step::Latent { level, latent } => bind(*level, latent),
            Step::Sample { level, id, latent, site, used } => {
                let bind = used.then(|| bind(*level, latent));
                let sample = self.sample(*level, *id, latent, site);
                quote!(#sample #bind)
            }
            Step::Observe { id, site } => self.observe(*id, site),
            Step::Factor(factor) => {
                let at = located_at(factor.term.span());
                let (krate, term) = (&self.krate, &factor.term);
                let site = site_path(at, "OBSERVED_SITES", factor.id);
                quote_spanned!(at=> <__I as #krate::model::Interpreter>::factor(__interpreter, #site, #term);)
            }
            Step::Let { local, shared } => {
                let allow = allow_unused(*shared);
                quote!(#allow #local)
            }
            Step::Plain(expr) => quote!(#expr;),
            Step::Flow { flow, bodies, stripped } => self.flow(flow, bodies, *stripped),
        }
    }

    fn sample(&self, level: Level, id: usize, latent: &Latent, site: &Site) -> TokenStream {
        let (krate, name, right) = (&self.krate, &latent.name, &site.right);
        let at = located_at(right.span());
        let to = structure(level);
        let path = site_path(at, if level == Level::Global { "GLOBAL_SITES" } else { "LOCAL_SITES" }, id);
        match &site.left.form {
            Form::Each { index, range } => {
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
            _ if Self::is_vector(latent) => quote_spanned! {at=>
                <__I as #krate::model::Interpreter>::sample_vector(__interpreter, #path, #right, &mut #to.#name);
            },
            _ => quote_spanned! {at=>
                #to.#name = <__I as #krate::model::Interpreter>::sample(__interpreter, #path, #right);
            },
        }
    }

    fn observe(&self, id: usize, site: &Site) -> TokenStream {
        let (krate, right) = (&self.krate, &site.right);
        let at = located_at(right.span());
        let path = site_path(at, "OBSERVED_SITES", id);
        let place = borrowed(&site.left.place);
        let verb = if crate::check::observes_vector(site) { "observe_vector" } else { "observe" };
        let verb = Ident::new(verb, at);
        quote_spanned!(at=> <__I as #krate::model::Interpreter>::#verb(__interpreter, #path, #place, #right);)
    }

    fn flow(&self, flow: &Flow, bodies: &[Vec<Step<'_>>], stripped: bool) -> TokenStream {
        let (attrs, label, allow) = (&flow.attrs, &flow.label, allow_unused(stripped));
        let heads = flow.branches.iter().map(|branch| &branch.head);
        let bodies = bodies.iter().map(|body| self.steps(body));
        if let FlowKind::Match(on) = &flow.kind {
            return quote!(#(#attrs)* #allow match #on { #(#heads => { #bodies })* });
        }
        quote!(#(#attrs)* #allow #label #(#heads { #bodies })*)
    }
}

/// Binds a latent to a variable of its name.
fn bind(level: Level, latent: &Latent) -> TokenStream {
    let (name, from) = (&latent.name, structure(level));
    let value = if Emit::is_vector(latent) { quote!(#from.#name.as_slice()) } else { quote!(#from.#name) };
    quote_spanned!(Span::mixed_site()=> let #name = #value;)
}

/// The parameter that holds the latents of a level.
fn structure(level: Level) -> Ident {
    Ident::new(if level == Level::Global { "__global" } else { "__local" }, Span::mixed_site())
}

fn site_path(at: Span, table: &str, id: usize) -> TokenStream {
    let (table, id) = (Ident::new(table, at), Literal::usize_unsuffixed(id));
    quote_spanned!(at=> &Self::#table[#id])
}

/// Our own tokens, but errors about them show at `span`.
fn located_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

fn allow_unused(allow: bool) -> Option<TokenStream> {
    allow.then(|| quote_spanned!(Span::mixed_site()=> #[allow(unused)]))
}

/// `&place`.
fn borrowed(place: &Expr) -> TokenStream {
    let at = located_at(place.span());
    match place {
        Expr::Path(_) | Expr::Field(_) | Expr::Index(_) | Expr::MethodCall(_) | Expr::Call(_) | Expr::Paren(_) => {
            quote_spanned!(at=> &#place)
        }
        _ => quote_spanned!(at=> &(#place)),
    }
}

/// The length of `0..len`.
fn length(range: &Expr) -> TokenStream {
    match range {
        Expr::Range(range) => {
            let end = &range.end;
            match range.limits {
                RangeLimits::HalfOpen(_) => quote!(#end),
                RangeLimits::Closed(_) => quote!(#end + 1),
            }
        }
        other => quote!(#other),
    }
}
