# Read by the shell that `tests/demo/run --keep` ends in. DEMO is the folder of everything that
# runs, PROGRAMS that of the programs.

PATH=$PROGRAMS:$PATH
PS1='card station> '

central() { centralctl --admin "unix:$DEMO/admin.sock" "$@"; }
kh() { stationctl --control "unix:$DEMO/stationd.sock" "$@"; }
kl() { stationctl --control "unix:$DEMO/kl/stationd.sock" "$@"; }

blank() { vcard create --memory "$DEMO/cards/$1.json"; }

# slot PORT READER COMMAND: one line to the program that holds that reader's card.
slot() {
    local folder=$DEMO number
    [ "$1" = kh ] || folder=$DEMO/$1
    case $2 in
        production) number=0 ;;
        counter) number=1 ;;
        *)
            echo "$2: production or counter" >&2
            return 2
            ;;
    esac
    /usr/bin/python3 -c '
import socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    line.sendall(sys.argv[2].encode() + b"\n")
    print(line.makefile().readline(), end="")' "$folder/slot-$number.sock" "$3"
}

put() {
    slot "$1" "$2" remove >/dev/null
    slot "$1" "$2" "load $DEMO/cards/$3.json" && slot "$1" "$2" insert
}
take() { slot "$1" "$2" remove; }

letter() { "$SOURCE/tests/live/letter-code" "$DEMO/letters/$1"-*.pdf; }

help-me() {
    cat <<'END'
  central list                          what was applied for, and its status
  central apply --port KH PASS…         applies for more; central --help tells the rest
  kh status, kl queue, …                stationctl of Kaohsiung's and of Keelung's station
  blank NAME                            a new blank card
  put kh production NAME                lays a card on a reader (kh or kl; production or counter)
  take kh production                    takes it away
  letter NUMBER                         what a pick-up letter's QR code holds
  kh hand-over --old-qr PASS &          then: put kh counter NAME
  slot kh production 'tear 20 before'   loses the card at that APDU; vcard --help tells more

Cards are in $DEMO/cards, logs in $DEMO/logs and $DEMO/kl/logs. `exit` ends everything.
END
}
help-me
