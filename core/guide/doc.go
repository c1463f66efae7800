// Package guide leads an admin through a change, one step at a time.
//
// A guide is data: a YAML file whose steps are each one of tell (a person
// acts), ask (a person types), do (a named action) and prove (a named check).
// Loading is checking: a guide that loads names only actions that exist, with
// all their inputs, in an order in which every value is there before it is
// used, in both languages, and with no secret in a text. All mistakes are
// reported at once, by file and line.
//
// What several guides ask for by the same choices, a platform lists once: a
// field takes its options from there by name (options_from: zoho.data-centres).
//
// The only expression is ${step.output}. There is no condition, loop, shell
// or HTTP in a guide: where one would be needed, that is an action in Go.
//
// # When the vendor says no for good
//
// Some calls may be refused for a reason nobody can mend: a vendor has
// retired them. A guide meets that with steps marked instead_of: STEP. They
// stand directly behind the do step they stand in for; when that one worked
// they are passed over, and when it was refused, or its answer was lost, the
// admin may go on with them. It is no condition that the data evaluates: which
// of the two ways was taken is an outcome of the run, chosen by a person and
// written into the journal with the refusal's code. The last of them must
// give every output of the replaced step that is used later, so whatever
// follows needs not know which way was taken.
//
// # Runs
//
// A run is one admin's way through a guide, kept as a sealed record that
// carries the guide's text with it: it can be resumed by another process, on
// another machine, by another admin and by a later version of the guide. Before
// an action runs the journal says begun, afterwards done with its outputs and
// evidence. What was begun and has no end is unknown: its action is asked what
// became of it, else the admin says so. It is never repeated blindly.
package guide
