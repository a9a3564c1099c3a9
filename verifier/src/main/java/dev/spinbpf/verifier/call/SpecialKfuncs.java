package dev.spinbpf.verifier.call;

/** Kernel functions with rules of their own. */
final class SpecialKfuncs {
    private SpecialKfuncs() {}

    static boolean isListPush(Kfunc kfunc) {
        return kfunc.baseIs("bpf_list_push_front", "bpf_list_push_back", "bpf_list_add");
    }

    static boolean isListApi(Kfunc kfunc) {
        return isListPush(kfunc)
                || kfunc.is(
                        "bpf_list_pop_front",
                        "bpf_list_pop_back",
                        "bpf_list_del",
                        "bpf_list_front",
                        "bpf_list_back",
                        "bpf_list_is_first",
                        "bpf_list_is_last",
                        "bpf_list_empty");
    }

    static boolean isRbtreeAdd(Kfunc kfunc) {
        return kfunc.baseIs("bpf_rbtree_add");
    }

    static boolean isRbtreeApi(Kfunc kfunc) {
        return isRbtreeAdd(kfunc)
                || kfunc.is(
                        "bpf_rbtree_remove",
                        "bpf_rbtree_first",
                        "bpf_rbtree_root",
                        "bpf_rbtree_left",
                        "bpf_rbtree_right");
    }

    static boolean isRefcountAcquire(Kfunc kfunc) {
        return kfunc.baseIs("bpf_refcount_acquire");
    }

    static boolean isObjNew(Kfunc kfunc) {
        return kfunc.baseIs("bpf_obj_new", "bpf_percpu_obj_new");
    }

    static boolean isObjDrop(Kfunc kfunc) {
        return kfunc.baseIs("bpf_obj_drop", "bpf_percpu_obj_drop");
    }

    static boolean isResLock(Kfunc kfunc) {
        return kfunc.is("bpf_res_spin_lock", "bpf_res_spin_lock_irqsave");
    }

    static boolean isResLockApi(Kfunc kfunc) {
        return isResLock(kfunc) || kfunc.is("bpf_res_spin_unlock", "bpf_res_spin_unlock_irqrestore");
    }

    static boolean isTaskWork(Kfunc kfunc) {
        return kfunc.is("bpf_task_work_schedule_signal", "bpf_task_work_schedule_resume");
    }

    static boolean isWqCallback(Kfunc kfunc) {
        return kfunc.is("bpf_wq_set_callback");
    }

    /** Calls a callback before it returns. */
    static boolean callsBack(Kfunc kfunc) {
        return isRbtreeAdd(kfunc);
    }

    /** Keeps a callback to be called later. */
    static boolean keepsCallback(Kfunc kfunc) {
        return isWqCallback(kfunc) || isTaskWork(kfunc);
    }

    /** What may be called while a lock is held. */
    static boolean allowedUnderLock(Kfunc kfunc) {
        return isListApi(kfunc)
                || isRbtreeApi(kfunc)
                || isRefcountAcquire(kfunc)
                || isResLockApi(kfunc)
                || kfunc.is(
                        "bpf_iter_num_new",
                        "bpf_iter_num_next",
                        "bpf_iter_num_destroy",
                        "bpf_arena_alloc_pages",
                        "bpf_arena_free_pages",
                        "bpf_arena_reserve_pages",
                        "bpf_stream_vprintk",
                        "bpf_stream_print_stack");
    }

    static boolean changesPackets(Kfunc kfunc) {
        return kfunc.is("bpf_xdp_pull_data");
    }
}
