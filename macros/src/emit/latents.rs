//! The structs of the latents: `NameGlobal<R>` and `NameLocal<R>`.

use super::Emit;
use super::items::default_doc;
use crate::facts::{Latent, Tier};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

impl Emit<'_> {
    /// The struct of the latents of a tier with its `impl Latents`, if there are any latents.
    pub(super) fn latents(&self, tier: Tier) -> TokenStream {
        if self.plan.facts.latents.of(tier).is_empty() {
            return TokenStream::new();
        }
        let (item, implementation) = (self.latents_struct(tier), self.latents_impl(tier));
        let serde = self.serde(tier);
        quote!(#item #implementation #serde)
    }

    /// The type that stands for the family of structs of the latents of a tier.
    pub(super) fn family(&self, tier: Tier) -> TokenStream {
        if self.plan.facts.latents.of(tier).is_empty() {
            return quote_spanned!(Span::mixed_site()=> ());
        }
        let name = self.latents_name(tier);
        quote_spanned!(Span::mixed_site()=> #name<()>)
    }

    fn latents_name(&self, tier: Tier) -> Ident {
        let tier = match tier {
            Tier::Global => "Global",
            Tier::Local => "Local",
        };
        format_ident!("{}{tier}", self.plan.model.name)
    }

    fn latents_struct(&self, tier: Tier) -> TokenStream {
        let (vis, name) = (&self.plan.model.vis, self.latents_name(tier));
        let doc = self.latents_doc(tier);
        let lints = self.shared_attrs();
        let fields = self.plan.facts.latents.of(tier).iter().map(|latent| self.field(latent));
        quote_spanned! {Span::mixed_site()=>
            #[doc = #doc]
            #(#lints)*
            #[allow(non_snake_case)]
            #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::default::Default, ::core::cmp::PartialEq)]
            #vis struct #name<R> {
                #(#fields,)*
            }
        }
    }

    fn latents_doc(&self, tier: Tier) -> String {
        let model = &self.plan.model.name;
        match tier {
            Tier::Global if self.plan.facts.plate.is_some() => {
                format!("The latents of [`{model}`] that all tasks share.")
            }
            Tier::Global => format!("The latents of [`{model}`]."),
            Tier::Local => format!("The latents of one task of [`{model}`]."),
        }
    }

    fn field(&self, latent: &Latent) -> TokenStream {
        let vis = &self.plan.model.vis;
        let (attrs, name) = (&latent.attrs, &latent.name);
        let doc = default_doc(attrs, &format!("`{}`", latent.source));
        let ty = if latent.dimension.is_vector() { quote!(::std::vec::Vec<R>) } else { quote!(R) };
        quote!(#doc #(#attrs)* #vis #name: #ty)
    }

    /// `Serialize` and `Deserialize`, which are nothing where the core has no feature `serde`.
    fn serde(&self, tier: Tier) -> TokenStream {
        let (krate, name) = (&self.krate, self.latents_name(tier));
        let lints = self.shared_attrs();
        let names: Vec<&Ident> = self.plan.facts.latents.of(tier).iter().map(|latent| &latent.name).collect();
        let texts = names.iter().map(|name| name.unraw().to_string());
        quote_spanned! {Span::mixed_site()=>
            #krate::__private::serde_of_latents! { #(#lints)* #name { #(#names as #texts),* } }
        }
    }

    fn latents_impl(&self, tier: Tier) -> TokenStream {
        let krate = &self.krate;
        let (name, family) = (self.latents_name(tier), self.family(tier));
        let lints = self.shared_attrs();
        let names = self.plan.facts.latents.of(tier).iter().map(|latent| &latent.name);
        quote_spanned! {Span::mixed_site()=>
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
}
