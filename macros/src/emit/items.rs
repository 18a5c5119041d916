//! The model's struct, its `new`, its warnings.

use super::Emit;
use crate::facts::{Owner, Warning};
use crate::lower::{Counting, TaskList};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, RangeLimits};

/// What the compiler's own messages do not say where a lifetime is missing.
const BORROWS: &str = "\n\nIt borrows data for `'data`. To return it or its fit from a function, to keep them in a struct \
                       or to send them to a thread, declare arguments that own their data: `Vec<..>` in place of `&[..]`.";

impl Emit<'_> {
    /// All structs: the model's, and those of its latents.
    pub(super) fn structs(&self) -> TokenStream {
        let nests = (0..self.plan.facts.nests.len()).map(Owner::Turn);
        let latents = [Owner::Global, Owner::Task].into_iter().chain(nests).map(|owner| self.latents(owner));
        let (model, latents) = (self.model_struct(), latents.collect::<TokenStream>());
        quote!(#model #latents)
    }

    /// `struct Name` and `Name::new`.
    fn model_struct(&self) -> TokenStream {
        let (krate, model) = (&self.krate, self.plan.model);
        let (attrs, vis, name) = (&model.attrs, &model.vis, &model.name);
        let doc = default_doc(attrs, "A model with its data.");
        let generics = &model.generics;
        let (impl_generics, arguments, bounds) = generics.split_for_impl();
        let (names, types): (Vec<_>, Vec<_>) = model.args.iter().map(|arg| (&arg.name, &arg.ty)).unzip();
        let arg_attrs = model.args.iter().map(|arg| &arg.attrs);
        let tasks = Ident::new("__tasks", Span::mixed_site());
        let count = self.count().map(|count| quote!(#tasks: #count,));
        let field = count.as_ref().map(|_| quote_spanned!(Span::mixed_site()=> #tasks: #krate::__private::Numbers,));
        let lints = self.shared_attrs();
        let borrows = generics.lifetimes().any(|param| param.lifetime.ident == "data");
        let borrows = borrows.then(|| quote!(#[doc = #BORROWS]));
        let new_doc = format!("The model with its data: the arguments of [`{name}`].");
        quote_spanned! {Span::mixed_site()=>
            #doc
            #(#attrs)*
            #borrows
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
                    Self { #count #(#names),* }
                }
            }
        }
    }

    /// The tasks of a plate over a range of numbers.
    fn count(&self) -> Option<TokenStream> {
        let krate = &self.krate;
        let TaskList::Numbers(count) = &self.plan.tasks else { return None };
        let Some(Counting { steps, range }) = count else { return Some(quote!(::core::default::Default::default())) };
        let (steps, start, end) = (self.counting(steps), &range.start, &range.end);
        let one = matches!(range.limits, RangeLimits::Closed(_)).then(|| quote!(+ 1));
        Some(quote_spanned!(Span::mixed_site()=> { #steps #krate::__private::Numbers::from(#start..#end #one) }))
    }

    /// The warnings: a use of a deprecated item at the user's token is how a macro warns.
    pub(super) fn warnings(&self) -> TokenStream {
        let warning = |Warning { item, span, note }: &Warning| {
            let item = Ident::new(item, Span::mixed_site().located_at(*span));
            quote_spanned! {Span::mixed_site()=>
                const _: () = {
                    #[deprecated(note = #note)]
                    #[allow(non_upper_case_globals)]
                    const #item: () = ();
                    #item
                };
            }
        };
        self.plan.facts.warnings.iter().map(warning).collect()
    }
}

/// `text` as the doc of an item that has none.
pub(super) fn default_doc(attrs: &[Attribute], text: &str) -> Option<TokenStream> {
    let documented = attrs.iter().any(|attr| attr.path().is_ident("doc"));
    (!documented).then(|| quote!(#[doc = #text]))
}
