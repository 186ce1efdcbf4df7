;; Emacs with eglot as a client of `tangle lsp`. The test gives, in variables of the environment, the
;; command and two pages; what is found goes to standard output as JSON.

(require 'eglot)
(require 'json)

(define-derived-mode markdown-mode text-mode "Markdown")
(add-to-list 'auto-mode-alist '("\\.md\\'" . markdown-mode))
(add-to-list 'eglot-server-programs `(markdown-mode . (,(getenv "TANGLE_COMMAND") "lsp")))
(setq eglot-sync-connect 60
      eglot-connect-timeout 60
      make-backup-files nil
      create-lockfiles nil
      enable-local-variables nil)

(defun facts-until (met)
  "Wait until the function MET returns something, and return that."
  (let ((end (+ (float-time) 60)) found)
    (while (not (setq found (funcall met)))
      (when (> (float-time) end)
        (error "It never came"))
      (accept-process-output nil 0.05))
    found))

(defun facts-go (text)
  "Put point on the first place of TEXT."
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(defun facts-ask (method)
  "Return the answer to METHOD about point."
  (jsonrpc-request (eglot--current-server-or-lose) method (eglot--TextDocumentPositionParams)))

(defun facts-definition ()
  "Return the file and the line where the name at point is defined."
  (let ((place (xref-item-location (car (xref-backend-definitions 'eglot "name")))))
    ;; eglot 1.9 leaves what it decodes from an address as bytes.
    (list (file-name-nondirectory
           (decode-coding-string (string-to-unibyte (xref-location-group place)) 'utf-8))
          (xref-location-line place))))

(defun facts-completions ()
  "Return what completes at point."
  (let ((found (eglot-completion-at-point)))
    (all-completions (buffer-substring (nth 0 found) (nth 1 found)) (nth 2 found))))

(defun facts-diagnostics ()
  "Return the problems of this buffer."
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(defun facts-replace (old new)
  "Replace OLD by NEW."
  (facts-go old)
  (delete-char (length old))
  (insert new)
  (eglot--signal-textDocument/didChange))

(let* ((lender (find-file-noselect (getenv "TANGLE_LENDER")))
       (facts '()))
  (with-current-buffer lender
    (call-interactively #'eglot))
  (find-file (getenv "TANGLE_USER"))
  (facts-until (lambda () (eglot-managed-p)))
  (flymake-start)
  (facts-go "twice(first)")
  (push (cons 'hover (plist-get (plist-get (facts-ask :textDocument/hover) :contents) :value)) facts)
  (push (cons 'definition (facts-definition)) facts)
  (forward-char 3)
  (push (cons 'completions (vconcat (facts-completions))) facts)
  (facts-replace "twice(4)" "absent(4)")
  (push (cons 'problems (vconcat (facts-until #'facts-diagnostics))) facts)
  (facts-replace "absent(4)" "twice(4)")
  (facts-until (lambda () (null (facts-diagnostics))))
  (facts-go "twice(first)")
  (eglot-rename "double")
  (save-some-buffers t)
  (let ((said (eglot-execute-command (eglot--current-server-or-lose) "tangle.run" ["1.3"])))
    (push (cons 'ran (format "%s" said)) facts))
  (princ (json-encode facts))
  (eglot-shutdown (eglot--current-server-or-lose)))
