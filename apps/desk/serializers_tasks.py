from rest_framework import serializers


class TaskChangeSerializer(serializers.Serializer[None]):
    title = serializers.CharField(max_length=300, required=False)
    note = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    owner = serializers.IntegerField(min_value=1, max_value=2**62, allow_null=True, required=False)
    department = serializers.CharField(max_length=100, allow_null=True, required=False, help_text="Its name.")
    due_at = serializers.DateTimeField(required=False, help_text="Without it, 16 business hours from now.")
    is_done = serializers.BooleanField(required=False)


class NewTaskSerializer(serializers.Serializer[None]):
    customer = serializers.IntegerField(min_value=1, max_value=2**62)
    title = serializers.CharField(max_length=300)
    note = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    owner = serializers.IntegerField(min_value=1, max_value=2**62, allow_null=True, required=False)
    department = serializers.CharField(max_length=100, allow_null=True, required=False, help_text="Its name.")
    due_at = serializers.DateTimeField(required=False, help_text="Without it, 16 business hours from now.")


class TaskSerializer(serializers.Serializer[None]):
    id = serializers.IntegerField()
    customer = serializers.IntegerField()
    title = serializers.CharField()
    note = serializers.CharField()
    owner = serializers.IntegerField(allow_null=True)
    department = serializers.CharField(allow_null=True)
    campaign = serializers.CharField(help_text="Which campaign made it; empty when somebody did.")
    due_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
