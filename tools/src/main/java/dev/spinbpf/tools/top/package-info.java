/** {@code spinbpf top}: what a service does, as rates between two looks at it, on a terminal or as lines. */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.top;
