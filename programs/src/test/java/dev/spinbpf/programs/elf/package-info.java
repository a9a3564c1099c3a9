@NullMarked
package dev.spinbpf.programs.elf;

import org.jspecify.annotations.NullMarked;
