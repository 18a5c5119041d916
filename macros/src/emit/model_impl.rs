//! `impl Model for Name`.

use super::Emit;
use super::places::located_at;
use crate::facts::{Dimension, Owner, Tier};
use crate::lower::TaskList;
use crate::source::line;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

/// What is known of a `~` at run time.
struct SiteEntry {
    name: String,
    span: Span,
}

impl Emit<'_> {
    pub(super) fn model(&self) -> TokenStream {
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

    /// The associated types and constants.
    fn associated(&self) -> TokenStream {
        let Self { plan, krate } = self;
        let (global, local) = (self.family(Owner::Global), self.family(Owner::Task));
        let [global_lanes, local_lanes, likelihood_lanes] = plan.widths.map(Literal::usize_unsuffixed);
        let (global_sites, local_sites) = (self.latent_sites(Tier::Global), self.latent_sites(Tier::Local));
        let observed_sites = self.observed_sites();
        let (local_reads, likelihood_reads) = (&plan.local_reads, &plan.likelihood_reads);
        let has_plate = plan.facts.plate.is_some();
        let has_classes = [Dimension::Classes, Dimension::Chain].into_iter().any(|of| plan.facts.has(Owner::Task, of));
        quote_spanned! {Span::mixed_site()=>
            type Global = #global;
            type Local = #local;
            type GlobalLanes = #krate::__private::Width<#global_lanes>;
            type LocalLanes = #krate::__private::Width<#local_lanes>;
            type LikelihoodLanes = #krate::__private::Width<#likelihood_lanes>;
            const GLOBAL_SITES: &'static [#krate::model::Site] = &[#(#global_sites),*];
            const LOCAL_SITES: &'static [#krate::model::Site] = &[#(#local_sites),*];
            const OBSERVED_SITES: &'static [#krate::model::Site] = &[#(#observed_sites),*];
            const LOCAL_READS: &'static [usize] = &[#(#local_reads),*];
            const LIKELIHOOD_READS: &'static [usize] = &[#(#likelihood_reads),*];
            const HAS_PLATE: bool = #has_plate;
            const HAS_CLASSES: bool = #has_classes;
        }
    }

    fn latent_sites(&self, tier: Tier) -> Vec<TokenStream> {
        let latents = self.plan.facts.latents.of(tier).iter();
        self.sites(latents.map(|latent| SiteEntry { name: latent.name.to_string(), span: latent.name.span() }))
    }

    fn observed_sites(&self) -> Vec<TokenStream> {
        let observations = self.plan.facts.all_observations();
        self.sites(observations.map(|observation| SiteEntry { name: observation.name.clone(), span: observation.span }))
    }

    /// The entries of a table of sites, whose ids are their positions.
    fn sites(&self, sites: impl Iterator<Item = SiteEntry>) -> Vec<TokenStream> {
        let krate = &self.krate;
        let site = |(id, SiteEntry { name, span }): (usize, SiteEntry)| {
            let name = name.trim_start_matches("r#");
            let line = line(span);
            quote_spanned! {Span::mixed_site()=>
                #krate::model::Site { name: #name, id: #id, file: ::core::file!(), line: #line }
            }
        };
        sites.enumerate().map(site).collect()
    }

    /// The tasks: their type, their number, one of them.
    fn task_list(&self) -> TokenStream {
        let krate = &self.krate;
        let (ty, tasks, at) = match &self.plan.tasks {
            TaskList::Argument(arg) => (arg.ty.to_token_stream(), &arg.name, self.at_list()),
            TaskList::Numbers(_) => {
                let at = Span::mixed_site();
                (quote_spanned!(at=> #krate::__private::Numbers), &Ident::new("__tasks", at), at)
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
            type Task = <#ty as #krate::__private::Tasks>::Task;
            fn num_tasks(&self) -> usize {
                <_ as #krate::__private::Tasks>::num_tasks(&self.#tasks)
            }
            #[inline(always)]
            fn task(&self, i: usize) -> &Self::Task {
                <_ as #krate::__private::Tasks>::task(&self.#tasks, i)
            }
            fn task_label(&self, i: usize) -> ::core::option::Option<::std::string::String> {
                <_ as #krate::__private::Tasks>::label(&self.#tasks, i)
            }
        }
    }

    /// p(theta), p(phi | theta), p(D | phi, theta).
    fn functions(&self) -> TokenStream {
        let Self { plan, krate } = self;
        let [global, local, likelihood] = [&plan.global, &plan.local, &plan.likelihood].map(|steps| self.steps(steps));
        let of_globals = quote_spanned! {self.at()=>
            #[inline(always)]
            fn global<__I: #krate::model::Interpreter>(
                &self,
                __interpreter: &mut __I,
                __global: &mut #krate::model::Of<Self::Global, __I>,
            ) {
                #global
            }
        };
        let of_tasks = quote_spanned! {self.at_list()=>
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
        };
        quote!(#of_globals #of_tasks)
    }

    /// The span of our own tokens when errors about them should show at the model's name.
    fn at(&self) -> Span {
        located_at(self.plan.model.name.span())
    }

    /// The same where they are about the tasks: at the type of their list, so that what is wrong with it shows there alone.
    fn at_list(&self) -> Span {
        match &self.plan.tasks {
            TaskList::Argument(arg) => located_at(arg.ty.span()),
            TaskList::Numbers(_) | TaskList::None => self.at(),
        }
    }
}
