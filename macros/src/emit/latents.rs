//! The structs of the latents: `NameGlobal<R>`, `NameLocal<R>`, and `NameSchools<R>` for the turns of a nested plate.

use super::Emit;
use super::items::default_doc;
use crate::facts::{Dimension, Latent, Member, Nest, Owner};
use crate::lints;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

impl Emit<'_> {
    /// The struct of someone's latents with its `impl Latents`, if there are any latents.
    pub(super) fn latents(&self, owner: Owner) -> TokenStream {
        let members = self.plan.facts.members(owner);
        if members.is_empty() {
            return TokenStream::new();
        }
        let (item, implementation) = (self.latents_struct(owner, &members), self.latents_impl(owner, &members));
        let serde = self.serde(owner, &members);
        quote!(#item #implementation #serde)
    }

    /// The type that stands for the family of structs of someone's latents.
    pub(super) fn family(&self, owner: Owner) -> TokenStream {
        if self.plan.facts.members(owner).is_empty() {
            return quote_spanned!(Span::mixed_site()=> ());
        }
        let name = self.latents_name(owner);
        quote_spanned!(Span::mixed_site()=> #name<()>)
    }

    fn latents_name(&self, owner: Owner) -> Ident {
        let suffix = match owner {
            Owner::Global => "Global".to_owned(),
            Owner::Task => "Local".to_owned(),
            Owner::Turn(at) => camel_case(&self.plan.facts.nests[at].name),
        };
        format_ident!("{}{suffix}", self.plan.model.name)
    }

    fn latents_struct(&self, owner: Owner, members: &[Member<'_>]) -> TokenStream {
        let (vis, name) = (&self.plan.model.vis, self.latents_name(owner));
        let doc = self.latents_doc(owner);
        let lints = self.shared_attrs();
        let fields = members.iter().map(|member| match member {
            Member::Latent(latent) => self.field(latent),
            Member::Nest(nest) => self.turns(nest),
        });
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

    fn latents_doc(&self, owner: Owner) -> String {
        let model = &self.plan.model.name;
        match owner {
            Owner::Global if self.plan.facts.plate.is_some() => {
                format!("The latents of [`{model}`] that all tasks share.")
            }
            Owner::Global => format!("The latents of [`{model}`]."),
            Owner::Task => format!("The latents of one task of [`{model}`]."),
            Owner::Turn(at) => {
                format!("The latents of one of the `{}` in a task of [`{model}`].", self.plan.facts.nests[at].name)
            }
        }
    }

    fn field(&self, latent: &Latent) -> TokenStream {
        let vis = &self.plan.model.vis;
        let (attrs, name) = (&latent.attrs, &latent.name);
        let of_what = match latent.dimension {
            Dimension::Classes => ": the probabilities of its values",
            Dimension::Chain => ": the probabilities of the values of each entry",
            Dimension::Scalar | Dimension::Vector(_) => "",
        };
        let doc = default_doc(attrs, &format!("`{}`{of_what}", latent.source));
        let attrs = attrs.iter().map(lints::emitted);
        let ty = match latent.dimension {
            Dimension::Scalar => quote!(R),
            Dimension::Vector(_) | Dimension::Classes => quote!(::std::vec::Vec<R>),
            Dimension::Chain => quote!(::std::vec::Vec<::std::vec::Vec<R>>),
        };
        quote!(#doc #(#attrs)* #vis #name: #ty)
    }

    /// The field of the turns of a nested plate.
    fn turns(&self, nest: &Nest) -> TokenStream {
        let (vis, name) = (&self.plan.model.vis, &nest.name);
        let doc = format!("The latents of each of the `{name}`.");
        let ty = self.latents_name(self.plan.facts.owner_of(nest));
        quote!(#[doc = #doc] #vis #name: ::std::vec::Vec<#ty<R>>)
    }

    /// `Serialize` and `Deserialize`, which are nothing where the core has no feature `serde`.
    fn serde(&self, owner: Owner, members: &[Member<'_>]) -> TokenStream {
        let (krate, name) = (&self.krate, self.latents_name(owner));
        let lints = self.shared_attrs();
        let names = members.iter().map(|member| match member {
            Member::Latent(latent) => &latent.name,
            Member::Nest(nest) => &nest.name,
        });
        let texts = names.clone().map(|name| name.unraw().to_string());
        quote_spanned! {Span::mixed_site()=>
            #krate::__private::serde_of_latents! { #(#lints)* #name { #(#names as #texts),* } }
        }
    }

    fn latents_impl(&self, owner: Owner, members: &[Member<'_>]) -> TokenStream {
        let krate = &self.krate;
        let (name, family) = (self.latents_name(owner), self.family(owner));
        let lints = self.shared_attrs();
        let maps = members.iter().map(|member| match member {
            Member::Latent(Latent { name, .. }) => quote_spanned! {Span::mixed_site()=>
                #krate::model::Field::map_into(&from.#name, &mut to.#name, &mut f);
            },
            Member::Nest(nest) => {
                let (name, family) = (&nest.name, self.family(self.plan.facts.owner_of(nest)));
                quote_spanned! {Span::mixed_site()=>
                    #krate::__private::map_nodes::<#family, R, S>(&from.#name, &mut to.#name, &mut f);
                }
            }
        });
        let classes = [Dimension::Classes, Dimension::Chain]
            .map(|dimension| self.plan.facts.has(owner, dimension).then(|| self.classes(members, dimension)));
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
                    #(#maps)*
                }

                #(#classes)*
            }
        }
    }

    /// The way to the probabilities of the discrete latents among someone's, those declared one by one or the chains.
    fn classes(&self, members: &[Member<'_>], of: Dimension) -> TokenStream {
        let krate = &self.krate;
        let (verb, list) = match of {
            Dimension::Chain => ("chains", quote!(::std::vec::Vec<::std::vec::Vec<R>>)),
            _ => ("classes", quote!(::std::vec::Vec<R>)),
        };
        let verb = Ident::new(verb, Span::mixed_site());
        let visits = members.iter().map(|member| match member {
            Member::Latent(Latent { name, dimension, .. }) if *dimension == of => {
                let at = self.plan.facts.latents.local.iter().position(|latent| latent.name == *name);
                let site = Literal::usize_unsuffixed(at.expect("a latent of the plate"));
                quote_spanned!(Span::mixed_site()=> f(#site, &mut of.#name);)
            }
            Member::Latent(_) => TokenStream::new(),
            Member::Nest(nest) => {
                let (name, family) = (&nest.name, self.family(self.plan.facts.owner_of(nest)));
                quote_spanned! {Span::mixed_site()=>
                    for node in &mut of.#name {
                        <#family as #krate::model::Latents>::#verb(node, f);
                    }
                }
            }
        });
        quote_spanned! {Span::mixed_site()=>
            fn #verb<R: #krate::model::Value>(
                of: &mut Self::Of<R>,
                f: &mut dyn ::core::ops::FnMut(usize, &mut #list),
            ) {
                #(#visits)*
            }
        }
    }
}

/// `two_words` as `TwoWords`.
fn camel_case(name: &Ident) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.to_string().trim_start_matches("r#").split('_').map(word).collect()
}
