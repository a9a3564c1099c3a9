package dev.spinbpf.verifier.kernel;

/**
 * A rule that some releases of Linux have and others do not. The table {@code kernel_rules.tsv} says which; checks ask
 * {@link Kernel#has} and never compare versions. Each has a case on either side of it in {@code kernels.cases}.
 */
public enum KernelRule {
    /** Nothing behind the struct that a program allocates may be accessed, not even as the array without length that ends it. */
    ALLOCATIONS_END_WITH_THEIR_STRUCT,
    /** Every pointer that is spilled to the stack is a pointer when it is filled again. */
    ALL_POINTERS_SPILL,
    /** One instruction does not calculate with pointers into arenas on one path and with other numbers on another. */
    ARENA_ARITHMETIC_IS_APART,
    /** A pointer into an arena may be the second operand of arithmetic, too. */
    ARENA_POINTERS_ARE_ADDENDS,
    /** The type of a function's parameter or result says that it points into an arena; before that, only a tag of the parameter does. */
    ARENA_TYPES_ARE_KNOWN,
    /** An atomic operation works on one kind of pointer on all paths; before that only if it is a pointer into an arena that comes second. */
    ATOMICS_KEEP_TO_ONE_POINTER,
    /** Objects that RCU protects stay valid without preemption or interrupts, too, until the last such section ends. */
    ATOMIC_SECTIONS_PROTECT_RCU,
    /** The path forks at an AND or OR of a number that is 0 or -1. */
    BITS_FORK_PATHS,
    /** The key and value that an iterator over a map's elements gets are compared with null before they are read. */
    BUFFERS_MAY_BE_NULL,
    /** Keys and values that callbacks get belong to the inner map that was looked up, not to any. */
    CALLBACKS_KNOW_INNER_MAPS,
    /** Functions may call each other 16 deep; before that 8. */
    CALLS_ARE_16_DEEP,
    /** A dynptr that holds a reference may be overwritten while another one holds the same. */
    CLONED_DYNPTRS_ARE_OVERWRITTEN,
    /** The sum of a number and a pointer, in this order too, is of the object, or the stack of the function, that the pointer is of. */
    COMMUTED_SUMS_KEEP_OBJECTS,
    /** Helpers take the context as memory. */
    CONTEXT_IS_MEMORY,
    /** A pointer to the context may be moved by a constant in programs whose context is memory like other. */
    CONTEXT_POINTERS_MOVE,
    /** The quotient and the remainder by a constant are within a range. */
    DIVISIONS_HAVE_RANGES,
    /** A dynptr over an object can no longer be used once the object is released. */
    DYNPTRS_DIE_WITH_OBJECTS,
    /** Nothing is written through pointers to kernel objects that may be gone: those of which nothing is known. */
    FAULTING_POINTERS_ARE_READ_ONLY,
    /** Programs of sessions on functions are known: {@code fsession}. */
    FUNCTION_SESSIONS,
    /** The depth of calls is counted from each global function; before that all functions of a chain count. */
    GLOBAL_FUNCTIONS_BEGIN_CHAINS,
    /** A global function is verified for calls where it may sleep and for others, if there are such calls. */
    GLOBAL_FUNCTIONS_BY_CONTEXT,
    /** Global functions need not return anything. */
    GLOBAL_FUNCTIONS_MAY_BE_VOID,
    /** A call of a global function that throws may be where the program ends; before that such calls always come back. */
    GLOBAL_FUNCTIONS_MAY_THROW,
    /** A helper may write over a dynptr on the stack that holds no reference. */
    HELPERS_OVERWRITE_DYNPTRS,
    /** A jump does not go the way on which an operand would have no number left. */
    IMPOSSIBLE_WAYS_ARE_FOUND,
    /** A lookup in a map of maps gives a pointer to a map at once, also before it is known not to be null, with an identity of its own. */
    INNER_MAPS_HAVE_IDS,
    /** The prototype of a kernel function alone says what its arguments are, not the registers that are passed. */
    KFUNC_ARGS_BY_PROTOTYPE,
    /** A kptr may be exchanged in an object that a list, a tree or RCU keeps, too, not only in one that the program owns. */
    KPTRS_OF_BORROWED_OBJECTS,
    /** A pointer that is at the end of the packet, or beyond it, is not known to be there once a number is added. */
    MOVED_POINTERS_LEAVE_END,
    /** The negative of a number in a range is in one. */
    NEGATIONS_HAVE_RANGES,
    /** An access outside of a packet is refused in the words that all memory has. */
    PACKETS_ARE_REGIONS,
    /** The bounds of a packet pointer stay those that its range was found with when a number is added. */
    PACKET_BOUNDS_STAY_AS_CHECKED,
    /** The known and the unknown part of an offset into a packet count together; before that, the unknown part alone must not be negative. */
    PACKET_OFFSETS_ARE_SUMS,
    /** Per-CPU arrays can hold global data, which is no constant string. */
    PERCPU_DATA,
    /** A kptr to per-CPU memory holds nothing but that. */
    PERCPU_KPTRS_KEEP_PERCPU_OBJECTS,
    /** A program may trace many functions: {@code fentry.multi} and its kin. */
    PROGRAMS_OF_MANY_FUNCTIONS,
    /** An object that a kernel function is to release is asked for its reference first, then for its type. */
    REFERENCES_BEFORE_TYPES,
    /** An explanation follows the line that says why a program is refused; what is printed after it is not the reason. */
    REFUSALS_ARE_EXPLAINED,
    /** A program that replaces a function may use the locks that the function's program may; before that, all. */
    REPLACEMENTS_LOCK_AS_REPLACED,
    /** Kernel objects that kernel functions return are trusted by their type, not only as references. */
    RESULTS_ARE_TRUSTED,
    /** The value that {@code bpf_set_retval} gets is one that the hook may return. */
    RESULTS_OF_HOOKS_ARE_BOUNDED,
    /** Programs that trace may use maps and data with a {@code bpf_res_spin_lock}. */
    RES_LOCKS_IN_TRACING,
    /** A ring buffer may drop its oldest records to make room for others. */
    RING_BUFFERS_OVERWRITE,
    /** Bytes of spilled registers that are 0 are zeros for reads that reach beyond the register or have a variable offset. */
    SPILLED_ZEROS_READ_AS_ZERO,
    /** A loop in which a pointer goes on from one frame's stack to another's is not taken for endless. */
    STACK_FRAMES_TELL_ROUNDS_APART,
    /** The range of a number is known with its bytes swapped, too. */
    SWAPS_HAVE_RANGES,
    /** The addresses of kernel symbols are looked for before those of kernel functions that are called. */
    SYMBOLS_BEFORE_FUNCTIONS,
    /** No callback may reach a tail call. */
    TAIL_CALLS_NOT_IN_CALLBACKS,
    /** bpf_throw() leaves no critical section, from a function neither; and refusals say that it is what leaves. */
    THROWS_END_NO_SECTION,
    /** Programs that trace may use maps with timers and work queues. */
    TIMERS_IN_TRACING,
    /** Nothing is written through a pointer that is not trusted, even where the kind of program may write. */
    UNTRUSTED_POINTERS_ARE_READ_ONLY,
    /** Each map value that a callback gets has an identity, so that its lock is no other one. */
    VALUES_OF_CALLBACKS_HAVE_IDS
}
