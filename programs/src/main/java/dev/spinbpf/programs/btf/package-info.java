/**
 * The BPF type format: types, lookups, values printed by type, and CO-RE relocation against another set of types. ELF
 * sections and the patching of instructions do not belong here.
 */
@NullMarked
package dev.spinbpf.programs.btf;

import org.jspecify.annotations.NullMarked;
