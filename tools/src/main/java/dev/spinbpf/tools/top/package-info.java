/**
 * {@code spinbpf top}: the rates between two looks at a service, on a terminal or as lines. Where the looks come from (a
 * service, or a run of its own) is the caller's business.
 */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.top;
