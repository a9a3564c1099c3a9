/**
 * The JSON interface of the service: its routes, their parameters and bodies, and their answers. HTTP itself is in
 * {@code serve.http}, and nothing here acts on a machine but through {@code serve.engine}.
 */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve.api;
