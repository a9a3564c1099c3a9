/** Promises about programs and maps, as text: read, and not yet bound to anything. Nothing is evaluated here. */
@NullMarked
package dev.spinbpf.programs.promise;

import org.jspecify.annotations.NullMarked;
