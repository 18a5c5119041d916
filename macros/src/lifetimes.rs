//! `&[School]` becomes `&'data [School]`: one lifetime for all data that a model borrows.

use crate::ast::Model;
use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{GenericParam, Lifetime, LifetimeParam, ParenthesizedGenericArguments, TypeFnPtr, TypeReference};

/// Names the elided lifetimes of the arguments, and declares the name if there are any.
pub(crate) fn name_elided(model: &mut Model) {
    let mut elisions = Elisions { found: false };
    for arg in &mut model.args {
        elisions.visit_type_mut(&mut arg.ty);
    }
    let declared = model.generics.lifetimes().any(|param| param.lifetime.ident == "data");
    if elisions.found && !declared {
        model.generics.params.insert(0, GenericParam::Lifetime(LifetimeParam::new(data(Span::mixed_site()))));
    }
}

/// `'data`.
fn data(span: Span) -> Lifetime {
    Lifetime::new("'data", span)
}

/// Names every elided lifetime that it meets.
struct Elisions {
    /// Whether there was any.
    found: bool,
}

impl VisitMut for Elisions {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(data(Span::mixed_site().located_at(reference.and_token.span)));
            self.found = true;
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = data(Span::mixed_site().located_at(lifetime.span()));
            self.found = true;
        }
    }

    // Lifetimes elided in the type of a function belong to its calls.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {}
}
