/** The BPF type format: types, lookups, and relocation against another set of types. */
@NullMarked
package dev.spinbpf.programs.btf;

import org.jspecify.annotations.NullMarked;
