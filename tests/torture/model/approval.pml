/* One question and its action, from the proposal to the end of the run, with everything that can come between: an answer,
 * its undo, an edit, the hold, the expiry, a cancelled run, reactors that hear of it late, and crashes of the worker.
 *
 * Each atomic block is one transaction of the code: actions/invoke.py, approvals/commands.py, actions/reactors.py,
 * runs/executor.py. Digests are small numbers: 1 is what was proposed, 2 what a person made of it; a drift is 3.
 */

#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef UNDOS
#define UNDOS 1
#endif

mtype:approval = { apr_waiting, apr_approved, apr_edited, apr_rejected, apr_expired, apr_withdrawn };
mtype:action = { act_waiting, act_ready, act_dispatched, act_confirmed, act_in_doubt, act_denied, act_withdrawn };
mtype:status = { run_ready, run_running, run_waiting, run_in_doubt, run_succeeded, run_cancelled };
mtype:fact = { decided, undone, closed, readied, settled };

mtype:approval approval = apr_waiting;
mtype:action action = act_waiting;
mtype:status job = run_running;          /* the worker has proposed and is about to park */
bool stop = false;                      /* a rejection that ends the run */
bool spent = false;                     /* the one-use grant */
byte bound = 1;                         /* the digest that the answer binds */
byte tool = 0;                          /* 1 once the tool's definition has drifted */
byte answer = 0;                        /* which answer stands; facts about older ones are stale */
bool held = false;                      /* the answer's hold has not passed */

chan facts = [4] of { mtype:fact, byte };

byte effects = 0;                       /* what the world counts */
byte did = 0;                           /* the digest of what it did */
bool had_yes = false;                   /* a yes stood, unspent, at the moment of the intent */
byte epoch = 0;                         /* how often the process died */

#define is_yes (approval == apr_approved || approval == apr_edited)
#define is_final (job == run_succeeded || job == run_cancelled)
#define is_no (approval == apr_rejected || approval == apr_expired || approval == apr_withdrawn)
#define is_settled (action == act_confirmed || action == act_denied || action == act_withdrawn)
#define may_go (action == act_ready && !held)

/* The person at the desk: may answer, take it back, answer anew, or never come. */
active proctype Person() {
    byte undos = 0;
end_person:
    do
    :: atomic { approval == apr_waiting ->
        if
        :: approval = apr_approved; bound = 1
        :: approval = apr_edited; bound = 2
        :: approval = apr_rejected; stop = false
        :: approval = apr_rejected; stop = true
        fi;
        answer++;
        if :: held = true :: held = false fi;
        facts ! decided, answer }
    :: atomic { undos < UNDOS && held && !spent && (is_yes || approval == apr_rejected) ->
        undos++; approval = apr_waiting; stop = false; bound = 1; held = false; facts ! undone, answer }
    :: atomic { action == act_in_doubt ->
        if
        :: effects == 1 -> action = act_confirmed; facts ! settled, 0
        :: effects == 0 && !is_final -> action = act_ready; held = false; spent = false; facts ! readied, 0
        :: action = act_withdrawn; facts ! settled, 0
        fi }
    od
}

/* Somebody cancels the run, at any time or never. */
active proctype Canceller() {
    if
    :: atomic { !is_final ->
        if :: action == act_waiting || action == act_ready -> action = act_withdrawn :: else -> skip fi;
        if :: approval == apr_waiting -> approval = apr_withdrawn; facts ! closed, 0 :: else -> skip fi;
        job = run_cancelled }
    :: true
    fi
}

/* A connector's update changes what the tool is, at any time or never. */
active proctype Update() {
    if :: tool = 1 :: true fi
}

/* Time: holds end, questions expire, and the sweep readies what is due. */
active proctype Clock() {
end_clock:
    do
    :: held -> held = false
    :: atomic { approval == apr_waiting -> approval = apr_expired; facts ! closed, 0 }
    :: atomic { job == run_waiting && may_go -> job = run_ready }
    od
}

/* The reactors of actions and runs, each fact in order and once; what has moved on since is left alone. */
active proctype Reactors() {
    mtype:fact fact; byte about;
end_reactors:
    do
    :: atomic { facts ? fact, about ->
        if
        :: fact == decided && about == answer && (is_yes || approval == apr_rejected) && action == act_waiting ->
            action = act_ready
        :: fact == undone && approval == apr_waiting && action == act_ready -> action = act_waiting
        :: fact == closed && approval == apr_expired && action == act_waiting -> action = act_denied
        :: else -> skip
        fi;
        if
        :: (job == run_waiting || job == run_in_doubt) && (may_go || is_settled) -> job = run_ready
        :: else -> skip
        fi }
    od
}

#define alive (epoch == mine)
#define holds (job == run_running)

/* The worker, which dies at any point between two transactions, before or after the effect. */
active proctype Worker() {
    byte mine = 0;
    goto park;
claim:
    mine = epoch;
end_claim:
    if
    :: atomic { alive && job == run_ready -> job = run_running }
    :: !alive -> goto recover
    fi;
move:
    if
    :: atomic { alive && holds && may_go ->
        if
        :: approval == apr_waiting -> goto park                             /* taken back; the action has not heard */
        :: approval == apr_rejected -> action = act_denied;
            if :: stop -> job = run_cancelled; goto claim :: else -> goto move fi
        :: is_yes && (tool == 1 || spent) -> action = act_denied; goto move
        :: is_yes && tool == 0 && !spent -> had_yes = true; spent = true; action = act_dispatched
        fi }
    :: atomic { alive && holds && is_settled -> job = run_succeeded; goto claim }
    :: atomic { alive && holds && !may_go && !is_settled -> goto park }
    :: atomic { alive && !holds -> goto claim }
    :: !alive -> goto recover
    fi;
act:
    if
    :: atomic { alive -> effects++; did = bound }
    :: !alive -> goto recover
    fi;
    if
    :: atomic { alive -> if :: action == act_dispatched -> action = act_confirmed; facts ! settled, 0 :: else -> skip fi; goto move }
    :: !alive -> goto recover
    fi;
park:
    if
    :: atomic { alive && holds ->
        if
        :: may_go && approval != apr_waiting || is_settled -> goto move
        :: action == act_in_doubt -> job = run_in_doubt; goto claim
        :: else -> job = run_waiting; goto claim
        fi }
    :: atomic { alive && !holds -> goto claim }
    :: !alive -> goto recover
    fi;
recover:
    /* The next process: what had been dispatched is in doubt, and what was running is taken over. */
    atomic {
        mine = epoch;
        if :: action == act_dispatched -> action = act_in_doubt :: else -> skip fi;
        if :: job == run_running -> goto park :: else -> goto claim fi
    }
}

active proctype Crash() {
    byte crashes = 0;
    do
    :: crashes < CRASHES -> epoch++; crashes++
    :: break
    od
}

/* When nothing can move any more, the run has ended, or waits for something that it names. */
#define rests (is_final || (job == run_waiting && approval == apr_waiting) || (job == run_in_doubt && action == act_in_doubt))

ltl at_most_once { [] (effects <= 1) }
ltl only_what_was_approved { [] (effects > 0 -> did == bound) }
ltl never_without_approval { [] (effects > 0 -> had_yes) }
ltl denied_never_runs { [] (action == act_denied -> [] (effects == 0)) }
ltl it_ends { <> [] rests }
