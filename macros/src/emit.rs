//! A [`Plan`] to tokens. Decides nothing, never fails.
//!
//! Public names keep the user's spans; whatever else is emitted is `mixed_site`, so that no variable of the user's
//! meets one of ours, and calls are located at the distribution they are about, so that errors point there.

mod items;
mod steps;

use crate::ast::{Latent, Shape};
use crate::lower::{Plan, TaskList};
use crate::source::line;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;

pub(crate) struct Emit<'m> {
    plan: &'m Plan<'m>,
    /// The path of the core crate.
    krate: TokenStream,
}

pub(crate) fn emit(plan: &Plan<'_>, krate: TokenStream) -> TokenStream {
    let emit = Emit { plan, krate };
    let (structs, model, warnings) = (emit.structs(), emit.model(), emit.warnings());
    quote_spanned!(Span::mixed_site()=> #structs #model #warnings)
}

impl Emit<'_> {
    /// `impl Model for Name`.
    fn model(&self) -> TokenStream {
        let Self { plan, krate } = self;
        let name = &plan.model.name;
        let lints = self.shared_attrs();
        let (generics, arguments, bounds) = plan.model.generics.split_for_impl();
        let associated = self.associated();
        let (task_list, functions) = (self.task_list(), self.functions());
        quote_spanned! {self.at()=>
            #(#lints)*
            #[allow(non_snake_case, unused_mut, unused_assignments)]
            impl #generics #krate::model::Model for #name #arguments #bounds {
                #associated
                #task_list
                #functions
            }
        }
    }

    fn associated(&self) -> TokenStream {
        let Self { plan, krate } = self;
        let (global, local) = (self.family("Global", &plan.facts.globals), self.family("Local", &plan.facts.locals));
        let [global_lanes, local_lanes, likelihood_lanes] = plan.widths.map(proc_macro2::Literal::usize_unsuffixed);
        let latents = |latents: &[Latent]| -> Vec<_> {
            latents.iter().map(|latent| (latent.name.to_string(), latent.name.span())).collect()
        };
        let global_sites = self.sites(&latents(&plan.facts.globals));
        let local_sites = self.sites(&latents(&plan.facts.locals));
        let observed: Vec<_> = plan.facts.observed.iter().map(|site| (site.name.clone(), site.span)).collect();
        let observed_sites = self.sites(&observed);
        let (local_reads, likelihood_reads) = (&plan.local_reads, &plan.likelihood_reads);
        let has_plate = plan.facts.plate.is_some();
        quote_spanned! {Span::mixed_site()=>
            type Global = #global;
            type Local = #local;
            type GlobalLanes = #krate::dual::Width<#global_lanes>;
            type LocalLanes = #krate::dual::Width<#local_lanes>;
            type LikelihoodLanes = #krate::dual::Width<#likelihood_lanes>;
            const GLOBAL_SITES: &'static [#krate::model::Site] = &[#(#global_sites),*];
            const LOCAL_SITES: &'static [#krate::model::Site] = &[#(#local_sites),*];
            const OBSERVED_SITES: &'static [#krate::model::Site] = &[#(#observed_sites),*];
            const LOCAL_READS: &'static [usize] = &[#(#local_reads),*];
            const LIKELIHOOD_READS: &'static [usize] = &[#(#likelihood_reads),*];
            const HAS_PLATE: bool = #has_plate;
        }
    }

    fn sites(&self, sites: &[(String, Span)]) -> Vec<TokenStream> {
        let krate = &self.krate;
        let site = |(id, (name, span)): (usize, &(String, Span))| {
            let name = name.trim_start_matches("r#");
            let line = line(*span);
            quote_spanned! {Span::mixed_site()=>
                #krate::model::Site { name: #name, id: #id, file: ::core::file!(), line: #line }
            }
        };
        sites.iter().enumerate().map(site).collect()
    }

    fn task_list(&self) -> TokenStream {
        let krate = &self.krate;
        let (ty, tasks, at) = match &self.plan.tasks {
            TaskList::Argument(arg) => {
                (arg.ty.to_token_stream(), &arg.name, Span::mixed_site().located_at(arg.ty.span()))
            }
            TaskList::Numbers(_) => {
                let at = Span::mixed_site();
                (quote_spanned!(at=> #krate::tasks::Numbers), &Ident::new("__tasks", at), at)
            }
            TaskList::None => {
                return quote_spanned! {Span::mixed_site()=>
                    type Task = ();
                    fn num_tasks(&self) -> usize { 0 }
                    fn task(&self, _: usize) -> &() { &() }
                };
            }
        };
        quote_spanned! {at=>
            type Task = <#ty as #krate::tasks::Tasks>::Task;
            fn num_tasks(&self) -> usize {
                <#ty as #krate::tasks::Tasks>::num_tasks(&self.#tasks)
            }
            #[inline(always)]
            fn task(&self, i: usize) -> &Self::Task {
                <#ty as #krate::tasks::Tasks>::task(&self.#tasks, i)
            }
        }
    }

    fn functions(&self) -> TokenStream {
        let Self { plan, krate } = self;
        let [global, local, likelihood] = [&plan.global, &plan.local, &plan.likelihood].map(|steps| self.steps(steps));
        quote_spanned! {self.at()=>
            #[inline(always)]
            fn global<__I: #krate::model::Interpreter>(
                &self,
                __interpreter: &mut __I,
                __global: &mut #krate::model::Of<Self::Global, __I>,
            ) {
                #global
            }
            #[inline(always)]
            fn local<__I: #krate::model::Interpreter>(
                &self,
                __interpreter: &mut __I,
                __global: &#krate::model::Of<Self::Global, __I>,
                __task: &Self::Task,
                __local: &mut #krate::model::Of<Self::Local, __I>,
            ) {
                #local
            }
            #[inline(always)]
            fn likelihood<__I: #krate::model::Interpreter>(
                &self,
                __interpreter: &mut __I,
                __global: &#krate::model::Of<Self::Global, __I>,
                __local: &#krate::model::Of<Self::Local, __I>,
                __task: &Self::Task,
            ) {
                #likelihood
            }
        }
    }

    /// Our own tokens, but errors about them show at the model's name.
    fn at(&self) -> Span {
        Span::mixed_site().located_at(self.plan.model.name.span())
    }

    /// The type that stands for a family of structs of latents.
    fn family(&self, level: &str, latents: &[Latent]) -> TokenStream {
        if latents.is_empty() {
            return quote_spanned!(Span::mixed_site()=> ());
        }
        let name = format_ident!("{}{level}", self.plan.model.name);
        quote_spanned!(Span::mixed_site()=> #name<()>)
    }

    fn is_vector(latent: &Latent) -> bool {
        latent.shape != Shape::Scalar
    }
}
