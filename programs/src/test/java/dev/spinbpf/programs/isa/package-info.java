@NullMarked
package dev.spinbpf.programs.isa;

import org.jspecify.annotations.NullMarked;
