package dev.spinbpf.vm.deferred;

/**
 * The deferred calls of one callback.
 *
 * @param kind their kind
 * @param program the program that set the callback
 * @param callback the function's name
 * @param started how often a call was put off; a timer that is started again while it waits counts again
 * @param ran how often the callback ran
 */
public record DeferredRow(DeferredKind kind, String program, String callback, long started, long ran) {}
