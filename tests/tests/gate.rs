//! Calls whose effect happens once: the gate's arguments, and the functions that it goes on.

mod gate {
    mod shapes;
}
