//! The model's struct, its `new`, the structs of its latents, its warnings.

use super::Emit;
use crate::ast::Latent;
use crate::lower::{Step, TaskList};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, ExprRange, RangeLimits};

impl Emit<'_> {
    pub(super) fn structs(&self) -> TokenStream {
        let facts = self.plan.facts;
        let model = &self.plan.model.name;
        let who = if facts.plate.is_some() { "that all tasks share" } else { "" };
        let global = self.latents("Global", &facts.globals, &format!("The latents of [`{model}`] {who}"));
        let local = self.latents("Local", &facts.locals, &format!("The latents of one task of [`{model}`]"));
        let model = self.model_struct();
        quote!(#model #global #local)
    }

    fn model_struct(&self) -> TokenStream {
        let Self { plan, krate } = self;
        let model = plan.model;
        let (attrs, vis, name) = (&model.attrs, &model.vis, &model.name);
        let doc = default_doc(attrs, "A model with its data.");
        let generics = &model.generics;
        let (impl_generics, arguments, bounds) = generics.split_for_impl();
        let (names, types): (Vec<_>, Vec<_>) = model.args.iter().map(|arg| (&arg.name, &arg.ty)).unzip();
        let arg_attrs: Vec<_> = model.args.iter().map(|arg| &arg.attrs).collect();
        let tasks = Ident::new("__tasks", Span::mixed_site());
        let (field, value) = match &plan.tasks {
            TaskList::Numbers(count) => {
                let count = count.as_ref().map_or_else(
                    || quote!(::core::default::Default::default()),
                    |(steps, range)| self.count(steps, range),
                );
                (quote_spanned!(Span::mixed_site()=> #tasks: #krate::tasks::Numbers,), quote!(#tasks: #count,))
            }
            TaskList::Argument(_) | TaskList::None => (TokenStream::new(), TokenStream::new()),
        };
        let lints = self.shared_attrs();
        let new_doc = format!("The model with its data: the arguments of [`{name}`].");
        quote_spanned! {Span::mixed_site()=>
            #doc
            #(#attrs)*
            #vis struct #name #generics #bounds {
                #(#(#arg_attrs)* #names: #types,)*
                #field
            }

            #(#lints)*
            #[allow(clippy::new_without_default, clippy::too_many_arguments)]
            impl #impl_generics #name #arguments #bounds {
                #[doc = #new_doc]
                #[must_use]
                #vis fn new(#(#names: #types),*) -> Self {
                    Self { #value #(#names),* }
                }
            }
        }
    }

    /// The tasks of a plate over a range of numbers.
    fn count(&self, steps: &[Step<'_>], range: &ExprRange) -> TokenStream {
        let krate = &self.krate;
        let (steps, start, end) = (self.counting(steps), &range.start, &range.end);
        let one = matches!(range.limits, RangeLimits::Closed(_)).then(|| quote!(+ 1));
        quote_spanned!(Span::mixed_site()=> { #steps #krate::tasks::Numbers::from(#start..#end #one) })
    }

    /// The struct of the latents of one level, if there are any.
    fn latents(&self, level: &str, latents: &[Latent], doc: &str) -> TokenStream {
        if latents.is_empty() {
            return TokenStream::new();
        }
        let krate = &self.krate;
        let vis = &self.plan.model.vis;
        let name = format_ident!("{}{level}", self.plan.model.name);
        let family = self.family(level, latents);
        let lints = self.shared_attrs();
        let fields = latents.iter().map(|latent| {
            let (attrs, name) = (&latent.attrs, &latent.name);
            let doc = default_doc(attrs, &format!("`{}`", latent.source));
            let ty = if Self::is_vector(latent) { quote!(::std::vec::Vec<R>) } else { quote!(R) };
            quote!(#doc #(#attrs)* #vis #name: #ty)
        });
        let names: Vec<_> = latents.iter().map(|latent| &latent.name).collect();
        let doc = format!("{}.", doc.trim_end());
        quote_spanned! {Span::mixed_site()=>
            #[doc = #doc]
            #(#lints)*
            #[allow(non_snake_case)]
            #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::default::Default, ::core::cmp::PartialEq)]
            #vis struct #name<R> {
                #(#fields,)*
            }

            #(#lints)*
            impl #krate::model::Latents for #family {
                type Of<R: #krate::model::Value> = #name<R>;

                #[inline(always)]
                fn map<R: #krate::model::Value, S: #krate::model::Value>(
                    from: &Self::Of<R>,
                    to: &mut Self::Of<S>,
                    mut f: impl ::core::ops::FnMut(&R) -> S,
                ) {
                    #(#krate::model::Field::map_into(&from.#names, &mut to.#names, &mut f);)*
                }
            }
        }
    }

    /// The attributes of the model that hold for everything emitted: lints and `cfg`.
    pub(super) fn shared_attrs(&self) -> Vec<&Attribute> {
        let shared = ["cfg", "allow", "expect", "warn", "deny", "forbid"];
        self.plan.model.attrs.iter().filter(|attr| shared.iter().any(|name| attr.path().is_ident(name))).collect()
    }

    /// A use of a deprecated item at the user's token is how a macro warns.
    pub(super) fn warnings(&self) -> TokenStream {
        let warning = |name: &Ident| {
            let note = format!(
                "nothing uses the latent `{name}`, so no data can tell about it: use it in a distribution, call it \
                 `_{name}`, or put `#[allow(unused)]` before it"
            );
            let unused = Ident::new("unused_latent", Span::mixed_site().located_at(name.span()));
            quote_spanned! {Span::mixed_site()=>
                const _: () = {
                    #[deprecated(note = #note)]
                    #[allow(non_upper_case_globals)]
                    const unused_latent: () = ();
                    #unused
                };
            }
        };
        self.plan.facts.unused.iter().map(warning).collect()
    }
}

/// `text` as the doc of an item that has none.
fn default_doc(attrs: &[Attribute], text: &str) -> Option<TokenStream> {
    let documented = attrs.iter().any(|attr| attr.path().is_ident("doc"));
    (!documented).then(|| quote!(#[doc = #text]))
}
