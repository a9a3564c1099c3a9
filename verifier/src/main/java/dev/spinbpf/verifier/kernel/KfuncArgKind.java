package dev.spinbpf.verifier.kernel;

/** Kinds of pointers that kernel functions take, each with checks of its own. */
public enum KfuncArgKind {
    CONTEXT(ArgKind.PTR_TO_CTX),
    /** An object that the program has allocated. */
    ALLOCATED(true),
    /** An object whose references are counted. */
    REFCOUNTED(ArgKind.PTR_TO_BTF_ID),
    DYNPTR(ArgKind.PTR_TO_DYNPTR),
    ITERATOR,
    LIST_HEAD,
    LIST_NODE,
    RB_ROOT,
    RB_NODE,
    /** An object of the kernel. */
    OBJECT(true),
    MAP(true),
    /** Memory of the size of the type. */
    MEMORY,
    /** Memory whose size is the next argument. */
    SIZED_MEMORY,
    CALLBACK,
    /** No pointer at all: null, where it is allowed. */
    NULL,
    /** A constant string. */
    STRING,
    TIMER,
    WORK_QUEUE,
    TASK_WORK,
    IRQ_FLAG,
    /** An address in the program's arena. */
    ARENA,
    RES_SPIN_LOCK;

    private final boolean trusted;
    private final ArgKind offsetRule;

    KfuncArgKind() {
        this(false, ArgKind.DONTCARE);
    }

    KfuncArgKind(boolean trusted) {
        this(trusted, ArgKind.DONTCARE);
    }

    KfuncArgKind(ArgKind offsetRule) {
        this(false, offsetRule);
    }

    KfuncArgKind(boolean trusted, ArgKind offsetRule) {
        this.trusted = trusted;
        this.offsetRule = offsetRule;
    }

    /** Returns whether the object has to be certainly valid. */
    public boolean isTrusted() {
        return trusted;
    }

    /** The argument of a helper that may have the same offsets. */
    public ArgKind offsetRule() {
        return offsetRule;
    }
}
