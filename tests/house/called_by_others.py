"""What has no caller in the program and stays: for `vulture`, each group with its reason."""
# ruff: noqa: B018, F821  bare names, known elsewhere, are what vulture reads

# SQLAlchemy calls and reads these of a type or an element.
_.impl
_.cache_ok
_.inherit_cache
_.load_dialect_impl
_.process_bind_param
_.process_result_value
_.self_group
_.isolation_level  # of the driver's connection

# Read or called by the library whose class it is.
_.settings_customise_sources  # pydantic-settings
_.own_page  # a kind of configuration, asked for by its name
_._is_whole  # pydantic
_.collect  # prometheus-client
_.handle_starttag  # html.parser
_.handle_endtag
_.handle_data
_.normalise_times  # imapclient
_.redirect_slashes  # Starlette
_.after_process_message  # dramatiq
_.validateLink  # markdown-it
_.normalizeLink
_.fetch_url  # plutoprint
_.custom_resource_fetcher
_.fetch  # WeasyPrint
_.generator
_.modified
_.lang
_.ConnectionCls  # urllib3
_.response_class
_.pool_classes_by_scheme
_._get_socket  # smtplib
_._build_client  # the SDK of SendGrid
_.post
_.from_email
_.tracking_settings
allow_redirects  # the SDK of Twilio hands it over
_.getlist  # its validator asks the form for it
_.should_exit  # uvicorn
_.justify  # rich
_.__signature__  # Typer
_.__annotations__
trace  # Python hands it to __exit__
_.__call__  # of a protocol: the type checker reads it
_._networks  # pydantic calls it: a validator

# Read by the page templates, or by the layouts of letters.
_.button
_.correction_state  # and what reads a list by the names of its columns
_.warns
_.agreed_by_others
_.in_full
_.per_segment
_.headline
_.controls
_.legal_basis
_.payee
_.balance_label
_.pay_heading
_.pay_to
_.pay_reference
_.pay_online
_.pay_scan
_.pay_scan_bank
_.structured
_.code_is_bank
_.uploaded_at
_.examples
_.unused
_.days_unsure
_.SAME_FOR_ALL
_.DELIMITERS
_.DECIMALS
_.notes_of
_.columns_shown

# Found by name: a node of a mapping's expression names the method that works it out.
_._const
_._templatedata
_._getattr
_._getitem
_._filter
_._concat
_._neg
_._compare
_._and
_._or
_._not
_._condexpr

# Verbs of the command line, mounted by name in `cli/main.py`.
adopt
demo
explain
dispatch
scheduler
up

# A guard names them as its `subject`.
_.any_attorney
_.any_bankruptcy
_.any_cease
_.any_death
_.any_refusal
_.any_breathing_space

# Vocabulary of contact facts: rule packs, cases and ledgers write the words, code compares a few of them.
_.CALL
_.INSTANT_MESSAGE
_.SOCIAL
_.INBOUND
_.COURTESY
_.LEGALLY_REQUIRED_NOTICE
_.REPLY_TO_CONSUMER
_.PAYMENT_CONFIRMATION
_.CONSENT_REQUEST
_.TERMINATION_OF_EFFORTS_NOTICE
_.SPECIFIED_REMEDY_NOTICE
_.resembles_court_document
_.threatening
_.disguised_purpose
_.asks_reason_for_default
_.visibility
_.caller_id
_.ARRANGEMENT_SERVICE
_.CALLBACK
_.OTHER_CONTACT
IMPORT

# A way to ask that only tests and benchmarks take: what they ask is the program's own answer.
close_batch
verify_file
known_keys
load_mappings
envelope_lines
zone_data_version
joined_sources
verify_twilio_body_signature

# Limits of an import, read by the name of what goes beyond them.
_.emptied
_.balances
_.due_dates
_.median_age

# Built ahead of its caller: to be called, or taken out.
_.is_report
_.after_days
_.before_time_barred_days
_.needs_second
_.plan_counts
