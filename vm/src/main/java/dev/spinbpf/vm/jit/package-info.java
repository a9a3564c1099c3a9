/**
 * Compiles programs to JVM bytecode: flow graphs, the class file, the methods of functions. What it makes runs in
 * {@code exec}, whose semantics it calls; when to compile is decided above.
 */
@NullMarked
package dev.spinbpf.vm.jit;

import org.jspecify.annotations.NullMarked;
