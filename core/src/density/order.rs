//! First or second derivatives, as types: which dual numbers a model is run over.

use crate::model::Model;
use crate::numbers::dual::{LaneWidth, Lanes};
use crate::numbers::pass::Order;

/// First or second derivatives: picks the dual numbers.
pub(crate) trait TypedOrder: 'static {
    const ORDER: Order;
    type Lanes<W: LaneWidth>: Lanes;
}

/// First derivatives.
pub(crate) enum First {}
/// First and second derivatives.
pub(crate) enum Second {}

impl TypedOrder for First {
    const ORDER: Order = Order::First;
    type Lanes<W: LaneWidth> = W::First;
}
impl TypedOrder for Second {
    const ORDER: Order = Order::Second;
    type Lanes<W: LaneWidth> = W::Second;
}

/// The numbers that the prior of the locals is differentiated with.
pub(crate) type LocalN<M, O> = <O as TypedOrder>::Lanes<<M as Model>::LocalLanes>;
/// The numbers that the likelihood is differentiated with.
pub(crate) type LikelihoodN<M, O> = <O as TypedOrder>::Lanes<<M as Model>::LikelihoodLanes>;
/// The numbers that what is outside the plate is differentiated with.
pub(crate) type GlobalN<M, O> = <O as TypedOrder>::Lanes<<M as Model>::GlobalLanes>;
