/** The page that a browser shows of a service. */
@org.jspecify.annotations.NullMarked
package dev.spinbpf.tools.serve.page;
